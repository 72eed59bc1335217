import {
  add,
  eye,
  gram,
  matmul,
  max,
  mul,
  abs,
  read,
  readScalar,
  reshape,
  scope,
  stream,
  sub,
  tensor,
  wasm,
  type Backend,
  type DType,
  type FloatArray,
  type Tensor,
} from "../../src/index.js";
import type { Operation, Problem } from "./peer.js";

/** Random operands in a dtype: A and B uniform in (−1, 1), S = XᵀX / n + I, whose condition is about 2. */
export async function problem(n: number, dtype: DType): Promise<Problem> {
  const [A, B, X] = ["A", "B", "X"].map((name) => uniform(n, name));
  const S = await read(
    scope(() => add(gram(matrix(X, n), { weight: 1 / n }), eye(n, { dtype: "float64", backend: backend() }))),
  );
  const rounded = (values: FloatArray) => (dtype === "float32" ? Float32Array.from(values) : values);
  return { n, A: rounded(A), B: rounded(B), S: rounded(S) };
}

/**
 * The largest error of a result by its definition AB, AᵀA, S·X = I or S·V = V diag(w), relative to the largest entry of the
 * right-hand side; computed in float64.
 *
 * @throws Error where fewer than half the digits are right
 */
export async function errorOf(
  operation: Operation,
  { n, A, B, S }: Problem,
  result: readonly FloatArray[],
): Promise<number> {
  const { error, size } = scope(() => {
    const [a, b, s] = [A, B, S].map((values) => matrix(values, n));
    const [got, wanted] = sides(operation, a, b, s, result);
    return { error: max(abs(sub(got, wanted))), size: max(abs(wanted)) };
  });
  const relative = (await readScalar(error)) / (await readScalar(size));
  const half = Math.sqrt(A instanceof Float32Array ? 2 ** -23 : 2 ** -52);
  if (!(relative <= half)) throw new Error(`${operation} at n = ${n} is wrong: its relative error is ${relative}`);
  return relative;
}

/** The two sides of the equation that defines a result. */
function sides(
  operation: Operation,
  A: Tensor,
  B: Tensor,
  S: Tensor,
  result: readonly FloatArray[],
): [got: Tensor, wanted: Tensor] {
  const n = A.shape[0];
  switch (operation) {
    case "matmul":
      return [matrix(result[0], n), matmul(A, B)];
    case "gram":
      return [matrix(result[0], n), gram(A)];
    case "spd-inverse":
      return [matmul(S, matrix(result[0], n)), eye(n, S)];
    case "symmetric-eigen": {
      const w = reshape(tensor(Float64Array.from(result[0]), { backend: backend() }), [1, n]);
      const V = matrix(result[1], n);
      return [matmul(S, V), mul(V, w)];
    }
  }
}

function uniform(n: number, name: string): Float64Array {
  return stream(0)
    .split(name)
    .uniform(n * n)
    .map((u) => 2 * u - 1);
}

function matrix(values: FloatArray, n: number): Tensor {
  return tensor(Float64Array.from(values), { shape: [n, n], backend: backend() });
}

/** What checks: a backend of its own, so that nothing that is timed shares its memory. */
function backend(): Backend {
  return (checking ??= wasm({ threads: 1, simd: "relaxed" }));
}

let checking: Backend | undefined;
