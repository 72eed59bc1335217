import type { Backend, Operand, Storage } from "./backend.js";
import type { DType } from "./dtype.js";
import { enter } from "./scope.js";
import { format, type Shape } from "./shape.js";

/** Storage and the number of handles that share it; the last one to go gives it back. */
interface SharedStorage {
  readonly storage: Storage;
  handles: number;
}

/**
 * An immutable handle on row-major, contiguous elements that live on a backend. Handles are cheap: views and reshapes share
 * storage. Dispose of a handle with `using`, `dispose()` or an enclosing `scope`; on `cpu` it may also just be dropped.
 */
export class Tensor implements Operand, Disposable {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly backend: Backend;
  readonly offset: number;
  #shared: SharedStorage | undefined;

  /** @internal Use `tensor`, or an operation. */
  constructor(shape: Shape, dtype: DType, backend: Backend, source: Storage | Tensor, offset = 0) {
    this.shape = shape;
    this.dtype = dtype;
    this.backend = backend;
    this.offset = offset;
    this.#shared = source instanceof Tensor ? source.#owned() : { storage: source, handles: 0 };
    this.#shared.handles++;
    enter(this);
  }

  /** What the backend keeps the elements in. @throws Error once the handle is disposed of. */
  get storage(): Storage {
    return this.#owned().storage;
  }

  get disposed(): boolean {
    return this.#shared === undefined;
  }

  /** Gives the handle up; a second call does nothing. */
  dispose(): void {
    const shared = this.#shared;
    this.#shared = undefined;
    if (shared !== undefined && --shared.handles === 0) this.backend.free(shared.storage);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor ${format(this.shape)} ${this.dtype} on ${this.backend.name}${this.disposed ? " (disposed)" : ""}`;
  }

  #owned(): SharedStorage {
    if (this.#shared === undefined)
      throw new Error(
        `a ${format(this.shape)} ${this.dtype} tensor was used after it was disposed of; return it from the scope that freed it, or keep() it`,
      );
    return this.#shared;
  }
}

/** Another handle on the same elements, freed on its own. */
export function share(t: Tensor): Tensor {
  return new Tensor(t.shape, t.dtype, t.backend, t, t.offset);
}

/** The same elements under another shape or from another offset: no copy. */
export function view(t: Tensor, shape: Shape, offset = 0): Tensor {
  return new Tensor(shape, t.dtype, t.backend, t, t.offset + offset);
}
