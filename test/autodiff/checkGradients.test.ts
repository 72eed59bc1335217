import { checkGradients, detach, primitive, type Pass } from "../../src/autodiff/index.js";
import { mul, square, sum } from "../../src/autodiff/rules/index.js";
import { tensor } from "../../src/tensor/create.js";
import { binary } from "../../src/tensor/elementwise.js";
import type { Tensor } from "../../src/tensor/tensor.js";

const x = tensor(Float64Array.of(0.5, -1.2, 2));

/** x³ with the given derivatives. */
const cube = (vjp: Pass, jvp: Pass = vjp) =>
  primitive({ name: "cube", value: (t: Tensor) => binary("pow", t, 3), vjp, jvp });

const right: Pass = (g, y, t: Tensor) => mul(g, mul(square(t), 3));
const wrong: Pass = (g, y, t: Tensor) => mul(g, mul(square(t), 3.0001));
/** The right number, but a constant: what differentiates it sees 0. */
const constant: Pass = (g, y, t: Tensor) => mul(g, mul(square(detach(t)), 3));
/** The right derivative of the wrong function: it is off by a constant. */
const shifted: Pass = (g, y, t: Tensor) => mul(g, mul(square(mul(t, 1.1)), 3 / 1.21));

describe("checkGradients", () => {
  test("passes a right rule", async () => {
    await expect(checkGradients(cube(right), x)).resolves.toBeUndefined();
    await expect(checkGradients(cube(shifted), x)).resolves.toBeUndefined();
  });

  test("finds a wrong jvp, and says that the forward mode is wrong, with both values", async () => {
    await expect(checkGradients(cube(right, wrong), x)).rejects.toThrow(
      /checkGradients: forward mode gives \S+ in element \d, differences give \S+/,
    );
  });

  test("finds a wrong vjp, and says that the reverse mode is wrong", async () => {
    await expect(checkGradients(cube(wrong, right), x)).rejects.toThrow(/checkGradients: reverse mode gives/);
  });

  test("finds derivatives that cannot be differentiated again, in either mode", async () => {
    await expect(checkGradients(cube(constant), x)).rejects.toThrow(/checkGradients: second derivative gives/);
    await expect(checkGradients(cube(constant, right), x)).rejects.toThrow(/checkGradients: second derivative gives/);
  });

  test("finds a jvp that is wrong for a later argument alone", async () => {
    const scale = primitive({
      name: "scale",
      value: (a: Tensor, b: Tensor) => binary("mul", a, b),
      vjp: [(g, y, a: Tensor, b: Tensor) => mul(g, b), (g, y, a: Tensor) => mul(g, a)],
      jvp: [(v, y, a: Tensor, b: Tensor) => mul(v, b), (v, y, a: Tensor) => mul(v, mul(a, -1))],
    });
    await expect(checkGradients(scale, x, square(x))).rejects.toThrow(/forward mode/);
  });

  test("finds a derivative of the wrong shape", async () => {
    const summed = primitive({ name: "bad", value: (t: Tensor) => binary("mul", t, 2), vjp: (g) => mul(g, 2), jvp: (v) => sum(v) }); // prettier-ignore
    await expect(checkGradients(summed, x)).rejects.toThrow("forward mode has [1] elements, the function [3]");
  });

  test("finds derivatives that are NaN", async () => {
    await expect(checkGradients(cube((g) => mul(g, NaN)), x)).rejects.toThrow(/forward mode gives NaN/); // prettier-ignore
  });

  test("takes float64 arguments alone", async () => {
    await expect(checkGradients(cube(right), x, tensor([1]))).rejects.toThrow(
      new TypeError("checkGradients: arguments are float32; differences need float64"),
    );
  });
});
