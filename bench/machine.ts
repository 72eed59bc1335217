import { cpus, release, type } from "node:os";

/** What every figure depends on: the processor, its cores, Node, V8 and the system, in one line. */
export function machineLine(): string {
  const processors = cpus();
  const model = processors.at(0)?.model.trim() ?? "unknown processor";
  const count = processors.length;
  return [
    `${model}, ${count} ${count === 1 ? "core" : "cores"}`,
    `Node ${process.versions.node}`,
    `V8 ${process.versions.v8}`,
    `${type()} ${release()}`,
  ].join(" · ");
}
