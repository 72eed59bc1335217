import type { Backend } from "../src/index.js";
import type { Recorder, Stage } from "./profiling/recorder.js";
import { workOf } from "./profiling/work.js";

/** Operations that only one stage has, and that no wrapper of that stage surrounds. */
const stageOfOperation: Readonly<Record<string, Stage | undefined>> = { gram: "statistics" };

/** A backend that hands every operation on to another one and tells the recorder what it was and how long it took. */
export function profilingBackend<B extends Backend>(inner: B, recorder: Recorder): B {
  const wrapped = new Map<string | symbol, unknown>();
  return new Proxy(inner, {
    get(target, name) {
      if (wrapped.has(name)) return wrapped.get(name);
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function" || typeof name !== "string") return member;
      const call = member.bind(target) as (...args: unknown[]) => unknown;
      const recorded = (...args: unknown[]) => {
        const work = workOf(name, args);
        return work === undefined
          ? call(...args)
          : recorder.operation(work, stageOfOperation[name], () => call(...args));
      };
      wrapped.set(name, recorded);
      return recorded;
    },
  });
}
