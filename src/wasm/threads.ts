import type { Block, Heap } from "./heap.js";
import type { Kernels } from "./module.js";
import { startWorker, type Thread } from "./workers.js";

/** Words of the control block (kernels/README.md). */
const LOST = 6;

/**
 * The worker threads of a backend and the control block in which they meet. Workers start with the first operation that is
 * large enough to share, so a program that needs none starts none.
 */
export class ThreadPool {
  readonly threads: number;
  readonly #heap: Heap;
  readonly #kernels: Kernels;
  readonly #module: WebAssembly.Module;
  /** Held as a block, since the heap frees those that nobody holds. */
  #control: Block | undefined;
  #workers: Thread[] = [];
  #starting: Promise<void> | undefined;
  #failure: string | undefined;

  constructor(threads: number, heap: Heap, kernels: Kernels, module: WebAssembly.Module) {
    this.threads = threads;
    this.#heap = heap;
    this.#kernels = kernels;
    this.#module = module;
  }

  /** The control block's address to pass to kernels, or 0 for one thread. */
  get address(): number {
    if (this.threads === 1 || this.#failure !== undefined) return 0;
    return (this.#control ??= this.#start()).address;
  }

  /** What a read waits for: in a page, the workers do not start unless this thread leaves it time to. Undefined once they have. */
  get starting(): Promise<void> | undefined {
    return this.#starting;
  }

  /** @throws Error where a worker died while it was computing: the result of the call is void. */
  check(operation: string): void {
    if (this.#control === undefined || this.#failure !== undefined) return;
    const words = new Int32Array(this.#heap.memory.buffer, this.#control.address, LOST + 1);
    if (words[LOST] === 0) return;
    this.#fail("it left work unfinished");
    throw new Error(
      `wasm: a worker thread died during ${operation} and left work unfinished; the backend goes on with one thread`,
    );
  }

  /** Ends all workers; the pool then runs on one thread. */
  stop(): void {
    if (this.#control !== undefined) this.#kernels.stopWorkers(this.#control.address);
    this.#fail("it was stopped");
  }

  /** The control block that the workers wait at. */
  #start(): Block {
    const control = this.#heap.allocate(this.#kernels.poolBytes.value);
    const workers = this.threads - 1;
    this.#kernels.initializePool(control.address, workers);
    const { memory } = this.#heap;
    this.#workers = Array.from({ length: workers }, (_, i) =>
      startWorker({ module: this.#module, memory, pool: control.address, slot: i + 1 }, (reason) => {
        this.#fail(reason);
      }),
    );
    const started = this.#workers.flatMap((worker) => worker.started ?? []);
    if (started.length > 0)
      this.#starting = Promise.all(started).then(() => {
        this.#starting = undefined;
      });
    return control;
  }

  /** From here on the pool is not used: one thread gives the same results, bit for bit. */
  #fail(reason: string): void {
    this.#failure ??= reason;
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
  }
}
