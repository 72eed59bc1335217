import { add, dot, mul, type Input } from "../autodiff/index.js";
import { concatenate, reshape } from "../tensor/operations.js";
import { read } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";

/** A direction in parameter space: one matrix a layer, of that layer's weight shape. */
export type Vector = readonly Tensor[];

/** ⟨u, v⟩ over all layers, a scalar tensor. */
export function inner(u: Vector, v: Vector): Tensor {
  return u.map((ui, i) => dot(ui, v[i])).reduce((a, b) => add(a, b));
}

/** u + c·v */
export function plus(u: Vector, v: Vector, c: Input = 1): Tensor[] {
  return u.map((ui, i) => add(ui, c === 1 ? v[i] : mul(v[i], c)));
}

/** c·v */
export function scaled(v: Vector, c: Input): Tensor[] {
  return v.map((vi) => mul(vi, c));
}

/** Several scalars in one wait. */
export async function readScalars<K extends string>(scalars: Readonly<Record<K, Tensor>>): Promise<Record<K, number>> {
  const names = Object.keys(scalars) as K[];
  if (names.length === 0) return {} as Record<K, number>;
  using joined = scope(() => concatenate(names.map((name) => reshape(scalars[name], [1]))));
  const values = await read(joined);
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<K, number>;
}
