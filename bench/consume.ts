import { Tensor } from "../src/index.js";

/** What results were folded into, so that no compiler can leave their computation out. */
let sink = 0;

/** Reads an element of every tensor in a result, then frees them. */
export function consume(result: unknown): void {
  if (Array.isArray(result)) {
    for (const part of result) consume(part);
    return;
  }
  if (result instanceof Tensor) {
    const { backend, dtype, storage, offset } = result;
    const [first = 0] = backend.readNow?.({ shape: [1], dtype, storage, offset }) ?? [];
    sink += first;
  } else if (typeof result === "number") sink += result;
  if (isDisposable(result)) result[Symbol.dispose]();
}

/** The sum so far; anything that prints or returns it keeps the results needed. */
export function consumed(): number {
  return sink;
}

function isDisposable(value: unknown): value is Disposable {
  return (typeof value === "object" || typeof value === "function") && value !== null && Symbol.dispose in value;
}
