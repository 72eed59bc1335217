import type { Backend, Storage } from "../../src/tensor/backend.js";
import { cpu } from "../../src/tensor/cpu/index.js";

/** A backend that knows which of the storages it gave out are not back yet. */
export interface CountingBackend extends Backend {
  readonly live: number;
  /** How many storages it ever gave out. */
  readonly made: number;
}

/** The members of a backend that give out no storage. */
const others = new Set(["ready", "read", "readNow", "free"]);

/** The cpu backend, counting. Giving back a storage twice, or one of another backend, throws. */
export function countingBackend(): CountingBackend {
  const inner = cpu();
  const storages = new Set<Storage>();
  let made = 0;
  const track = <R extends object>(result: R): R => {
    for (const storage of "vectors" in result ? (Object.values(result) as Storage[]) : [result]) {
      made++;
      storages.add(storage);
    }
    return result;
  };
  const tracked = Object.entries(inner)
    .filter(([name, member]) => typeof member === "function" && !others.has(name))
    .map(([name, member]) => [
      name,
      (...args: unknown[]) => track((member as (...args: unknown[]) => object)(...args)),
    ]);
  const backend: CountingBackend = {
    ...inner,
    ...(Object.fromEntries(tracked) as Partial<Backend>),
    name: "counting",
    get live() {
      return storages.size;
    },
    get made() {
      return made;
    },
    ready: () => Promise.resolve(backend),
    free: (storage) => {
      if (!storages.delete(storage)) throw new Error("countingBackend: storage was given back that is not out");
    },
  };
  return backend;
}
