import type { Model } from "../network/model.js";
import { format, sameShape } from "../tensor/shape.js";
import { share, type Tensor } from "../tensor/tensor.js";
import type { Optimizer } from "./optimizer.js";
import type { Vector } from "./vectors.js";

/** What an optimizer needs, besides the weights, to go on as if it had never stopped: flat and by name, for a checkpoint. */
export interface OptimizerState {
  /** Whose it is: "kfac". */
  readonly optimizer: string;
  /** Options that must be the same where it is restored, as text. */
  readonly options: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** An optimizer that can be saved, and set to what was saved. */
export interface Resumable extends Optimizer {
  /** What it trains. */
  readonly model: Model;
  /** Steps taken. */
  readonly iteration: number;
  /** Its state, in fresh handles. @throws Error while a step is running. */
  state(): OptimizerState;
  /**
   * Sets it to a state, whose handles stay the caller's.
   * @throws RangeError or TypeError where the state is that of another optimizer, other options or another model; Error while a step is
   * running. Nothing changes then.
   */
  restore(state: OptimizerState): void;
}

/** Options as text, each of which reads back as the same value. */
export function optionsAsText(options: object): Map<string, string> {
  return new Map(Object.entries(options).map(([name, value]) => [name, String(value)]));
}

/** The tensors of directions, a matrix a layer, as "name.layer"; those that are missing have none. */
export function namedTensors(vectors: Readonly<Record<string, Vector | undefined>>): Map<string, Tensor> {
  return new Map(
    Object.entries(vectors).flatMap(([name, vector = []]) => vector.map((t, i) => [`${name}.${i}`, share(t)] as const)),
  );
}

/**
 * Takes a state apart: whatever is asked for must be there and fit the model, and `finish` refuses what nobody asked for.
 * @throws RangeError where the state is not of that optimizer with those options.
 */
export class StateReader {
  readonly #state: OptimizerState;
  readonly #weights: readonly Tensor[];
  readonly #unread: Set<string>;

  /** `weights` are the model's: they say how many layers there are, and where tensors live. */
  constructor(state: OptimizerState, own: Pick<OptimizerState, "optimizer" | "options">, weights: readonly Tensor[]) {
    this.#state = state;
    this.#weights = weights;
    this.#unread = new Set([...state.numbers.keys(), ...state.tensors.keys()]);
    if (state.optimizer !== own.optimizer)
      throw new RangeError(`restore: the state is that of ${state.optimizer}, and the optimizer is ${own.optimizer}`);
    for (const name of new Set([...own.options.keys(), ...state.options.keys()])) {
      const [saved = "none", here = "none"] = [state.options.get(name), own.options.get(name)];
      if (saved !== here)
        throw new RangeError(
          `restore: the state was saved under ${name} ${saved}, and the optimizer has ${here}; construct it with the same options`,
        );
    }
  }

  /** @throws RangeError where there is none, or it is not one that `holds`. */
  number(name: string, range: string, holds: (value: number) => boolean): number {
    const value = this.#state.numbers.get(name);
    if (value === undefined || !holds(value))
      throw new RangeError(`restore: ${name} of the state is ${value ?? "missing"}; it must be ${range}`);
    this.#unread.delete(name);
    return value;
  }

  /** Whether there is a number, or a tensor, of this name or below it. */
  has(name: string): boolean {
    return this.#state.numbers.has(name) || [...this.#state.tensors.keys()].some((key) => key.startsWith(`${name}.`));
  }

  /** @throws RangeError where it is missing or has another shape, TypeError for another dtype or backend than the model's. */
  tensor(name: string, shape: readonly number[]): Tensor {
    const t = this.#state.tensors.get(name);
    if (t === undefined) throw new RangeError(`restore: tensor ${name} of the state is missing`);
    if (!sameShape(t.shape, shape))
      throw new RangeError(`restore: tensor ${name} of the state is ${format(t.shape)}, the model's ${format(shape)}`);
    const [W] = this.#weights;
    if (t.dtype !== W.dtype || t.backend !== W.backend)
      throw new TypeError(
        `restore: tensor ${name} of the state is ${t.dtype} on ${t.backend.name}, the model ${W.dtype} on ${W.backend.name}`,
      );
    this.#unread.delete(name);
    return share(t);
  }

  /** A direction: a tensor a layer, of the weights' shapes. @throws as `tensor` does. */
  vector(name: string): Tensor[] {
    return this.#weights.map((W, i) => this.tensor(`${name}.${i}`, W.shape));
  }

  /** @throws RangeError where the state holds more than was asked for. */
  finish(): void {
    const [name] = this.#unread;
    if (this.#unread.size > 0)
      throw new RangeError(`restore: the state has ${name}, which the optimizer has no place for`);
  }
}
