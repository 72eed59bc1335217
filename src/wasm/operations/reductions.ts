import type { Operand, ReduceOperation } from "../../tensor/backend.js";
import { size } from "../../tensor/shape.js";
import type { Block } from "../heap.js";
import { address, type Runtime } from "../runtime.js";

const kernels: Record<ReduceOperation, string> = { sum: "sum", max: "maximum", argmax: "argmax" };

/** x, seen as [outer, length, inner], reduced over the middle. */
export function reduce(
  runtime: Runtime,
  operation: ReduceOperation,
  x: Operand,
  outer: number,
  length: number,
  inner: number,
): Block {
  const out = runtime.allocate(outer * inner, x.dtype);
  const scratch = operation === "sum" ? [runtime.scratch(runtime.call("sumScratch", x.dtype, inner))] : [];
  runtime.call(kernels[operation], x.dtype, outer, length, inner, address(x), out.address, ...scratch);
  return out;
}

/** Σ a ⊙ b */
export function dot(runtime: Runtime, a: Operand, b: Operand): Block {
  const out = runtime.allocate(1, a.dtype);
  const total = runtime.call("dot", a.dtype, size(a.shape), address(a), address(b));
  runtime.call("fill", a.dtype, 1, total, out.address);
  return out;
}
