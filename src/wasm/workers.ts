import { nodeModule } from "./node.js";

/** What a worker runs: an instance of its own over the shared memory, looping over jobs until it is stopped. */
interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly pool: number;
  readonly slot: number;
}

/** Node's worker_threads, as far as it is used; typed here so that no published type needs Node's. */
interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: { eval: true; execArgv: string[]; workerData: WorkerStart; name: string },
  ) => {
    unref(): void;
    on(event: "error" | "exit", listener: (value: unknown) => void): void;
    terminate(): Promise<unknown>;
  };
}

const LOOP =
  "new WebAssembly.Instance(start.module, { env: { memory: start.memory } }).exports.workerLoop(start.pool, start.slot);";

/** A worker that was started. */
export interface Thread {
  /**
   * In a page, where a worker starts only while the thread that made it is idle: settles once it runs, or has ended. Node's start
   * by themselves.
   */
  readonly started?: Promise<void>;
  terminate(): void;
}

/** Starts a worker that does not keep the process alive. `died` is called if it ends before it is told to. */
export function startWorker(start: WorkerStart, died: (reason: string) => void): Thread {
  const threads = nodeModule("node:worker_threads") as NodeThreads | undefined;
  if (threads !== undefined) {
    const source = `const { workerData: start } = require("node:worker_threads"); ${LOOP}`;
    // without the process's own flags, under which the source might be read as a module, or loaders start in each worker
    const name = `kronfac ${start.slot}`;
    const worker = new threads.Worker(source, { eval: true, execArgv: [], workerData: start, name });
    worker.unref();
    worker.on("error", (error) => {
      died(String(error));
    });
    worker.on("exit", (code) => {
      died(`it left with code ${String(code)}`);
    });
    return { terminate: () => void worker.terminate() };
  }
  const url = URL.createObjectURL(
    new Blob([`onmessage = ({ data: start }) => { postMessage("started"); ${LOOP} };`], { type: "text/javascript" }),
  );
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  let settle: () => void;
  const started = new Promise<void>((resolve) => {
    settle = resolve;
  });
  worker.onmessage = () => {
    settle();
  };
  worker.onerror = ({ message }: Partial<ErrorEvent>) => {
    died(message ?? "it was refused; a page's content security policy must allow worker-src blob:");
  };
  worker.postMessage(start);
  return {
    started,
    terminate: () => {
      worker.terminate();
      settle();
    },
  };
}

/** How many threads the machine runs at once. */
export function availableThreads(): number {
  const os = nodeModule("node:os") as { availableParallelism(): number } | undefined;
  return os?.availableParallelism() ?? globalThis.navigator.hardwareConcurrency;
}
