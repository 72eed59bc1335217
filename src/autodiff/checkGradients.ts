import { ones, read, tensor } from "../tensor/create.js";
import type { FloatArray } from "../tensor/dtype.js";
import { stream } from "../tensor/random.js";
import { format, size, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, mul } from "./rules/elementwise.js";
import { dot } from "./rules/reduction.js";
import { jvp, vjp } from "./transforms.js";

/** The step of central differences: their error is O(h²) + O(ε/h), least near ε^⅓. */
const STEP = 2 ** -17;
const TOLERANCE = 1e-6;

/**
 * Checks a function's derivatives along random directions, in float64: the forward and the reverse mode against central
 * differences of f, and the second derivative (forward over reverse) against central differences of the reverse mode.
 * @throws Error naming the mode and both values where they differ by more than 1e-6 relative; TypeError for float32 arguments.
 */
export async function checkGradients(f: (...xs: Tensor[]) => Tensor, ...xs: Tensor[]): Promise<void> {
  for (const x of xs)
    if (x.dtype !== "float64") throw new TypeError("checkGradients: arguments are float32; differences need float64");
  const random = stream(1);
  const direction = (shape: Shape) => random.normal(size(shape));
  const like = (values: FloatArray | Float64Array, x: Tensor) =>
    tensor(values, { shape: x.shape, dtype: "float64", backend: x.backend });

  const vs = xs.map((x) => like(direction(x.shape), x));
  const us = xs.map((x) => like(direction(x.shape), x));
  const y = f(...xs);
  const g = like(direction(y.shape), y);
  const moved = (h: number) => xs.map((x, i) => add(x, mul(vs[i], h)));
  const difference = async (along: (...xs: Tensor[]) => Tensor) => {
    const [above, below] = [await read(along(...moved(STEP))), await read(along(...moved(-STEP)))];
    return Float64Array.from(above, (value, i) => (value - below[i]) / (2 * STEP));
  };

  const numerical = await difference(f);
  const forward = jvp(f, xs, vs).tangent;
  compare("forward mode", await read(forward), numerical);

  const gs = vjp(f, ...xs).pullback(g);
  const reverse = total(gs.map((gx, i) => dot(gx, vs[i])));
  compare("reverse mode", await read(reverse), Float64Array.of(inner(await read(g), numerical)));

  const gradientAlongU = (...points: Tensor[]) =>
    total(
      vjp(f, ...points)
        .pullback(g)
        .map((gx, i) => dot(gx, us[i])),
    );
  const second = jvp(gradientAlongU, xs, vs).tangent;
  compare("second derivative", await read(second), await difference(gradientAlongU));
  const secondReverse = total(
    vjp(gradientAlongU, ...xs)
      .pullback(ones([], y))
      .map((gx, i) => dot(gx, vs[i])),
  );
  compare("second derivative in reverse", await read(secondReverse), await read(second));
}

function total(terms: readonly Tensor[]): Tensor {
  return terms.reduce((a, b) => add(a, b));
}

function inner(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function compare(mode: string, actual: FloatArray, expected: FloatArray): void {
  if (actual.length !== expected.length)
    throw new Error(
      `checkGradients: ${mode} has ${format([actual.length])} elements, the function ${format([expected.length])}`,
    );
  const scale = Math.max(1, ...expected.map(Math.abs));
  for (let i = 0; i < actual.length; i++)
    if (!(Math.abs(actual[i] - expected[i]) <= TOLERANCE * scale))
      throw new Error(`checkGradients: ${mode} gives ${actual[i]} in element ${i}, differences give ${expected[i]}`);
}
