import "./disposable.js";

/**
 * Who frees a tensor? Every tensor enters the innermost open scope when it is made. A closing scope disposes of those that its
 * function does not return; what it returns enters the scope around it. `keep` takes tensors out of all scopes.
 */

/** An object that holds tensors a scope cannot see (a closure, a graph) lists them under this symbol. */
export const held: unique symbol = Symbol("kronfac.held");

/** Something a scope can free. */
interface Freeable extends Disposable {
  readonly disposed: boolean;
}

const open: Set<Freeable>[] = [];
const owners = new WeakMap<Freeable, Set<Freeable>>();

/** @internal Called by every new handle. */
export function enter(handle: Freeable): void {
  const innermost = open.at(-1);
  if (innermost === undefined) return;
  innermost.add(handle);
  owners.set(handle, innermost);
}

/**
 * Runs a synchronous function and frees the tensors it made but does not return (inside arrays, plain objects, and whatever lists
 * its tensors under `held`).
 * @throws TypeError where the function returns a promise: what it makes later could not be freed.
 */
export function scope<R>(run: () => R): R {
  const made = new Set<Freeable>();
  const result = within(made, run, true);
  const kept = tensorsIn(result);
  for (const handle of made) {
    if (kept.has(handle)) enter(handle);
    else handle[Symbol.dispose]();
  }
  return result;
}

/** Takes every tensor in `value` out of its scope: its new owner disposes of it. */
export function keep<V>(value: V): V {
  for (const handle of tensorsIn(value)) owners.get(handle)?.delete(handle);
  return value;
}

/** Disposes of every tensor in `value`, but not of what variables among them were computed from. */
export function disposeAll(value: unknown): void {
  for (const handle of tensorsIn(value, false)) handle[Symbol.dispose]();
}

/**
 * The tensors of an asynchronous job: each synchronous part of it runs inside `run`, which is a scope whose results live
 * until the lifetime ends.
 */
export class Lifetime implements Disposable {
  readonly #made = new Set<Freeable>();

  run<R>(part: () => R): R {
    return within(this.#made, () => scope(part), false);
  }

  [Symbol.dispose](): void {
    for (const handle of this.#made) handle[Symbol.dispose]();
    this.#made.clear();
  }
}

/** Attaches the tensors that a function's closure holds, so that scopes see them and disposing of the function frees them. */
export function holding<F extends (...args: never[]) => unknown>(run: F, tensors: unknown): F & Disposable {
  return Object.assign(run, {
    [held]: () => [tensors],
    [Symbol.dispose]: () => {
      disposeAll(tensors);
    },
  });
}

function within<R>(made: Set<Freeable>, run: () => R, freeOnFailure: boolean): R {
  open.push(made);
  try {
    const result = run();
    if (result instanceof Promise) {
      // What fails later in it fails because of this; it is reported once, here.
      result.catch(() => undefined);
      throw new TypeError(
        "scope: the function returned a promise; make scopes inside the asynchronous function instead",
      );
    }
    return result;
  } catch (error) {
    if (freeOnFailure) for (const handle of made) handle[Symbol.dispose]();
    throw error;
  } finally {
    open.splice(open.lastIndexOf(made), 1);
  }
}

function tensorsIn(value: unknown, graphs = true): Set<Freeable> {
  const found = new Set<Freeable>();
  const seen = new Set<object>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if ((typeof next !== "object" && typeof next !== "function") || next === null || seen.has(next)) continue;
    seen.add(next);
    const isHandle = "disposed" in next && Symbol.dispose in next;
    if (held in next && (graphs || !isHandle))
      for (const part of (next as { [held](): Iterable<unknown> })[held]()) pending.push(part);
    if (isHandle) found.add(next as Freeable);
    else for (const part of partsOf(next)) pending.push(part);
  }
  return found;
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set || value instanceof Map)
    return (value as ReadonlySet<unknown>).values();
  return Object.getPrototypeOf(value) === Object.prototype ? (Object.values(value) as unknown[]) : [];
}
