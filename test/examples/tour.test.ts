import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const file = join(root, "examples/tour.ts");
const NUMBER = "(-?[\\d.]+(?:e[-+]\\d+)?)";

let printed: string;
beforeAll(async () => {
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  ({ stdout: printed } = await promisify(execFile)(process.execPath, [tsx, file], { cwd: root }));
});

/** The numbers that stand for # in the one line that a pattern matches. */
function numbers(pattern: string): number[] {
  const expression = new RegExp(pattern.replaceAll(/[()[\]+*.|^]/g, "\\$&").replaceAll("#", NUMBER), "g");
  const found = [...printed.matchAll(expression)];
  expect({ pattern, times: found.length }).toEqual({ pattern, times: 1 });
  return found[0].slice(1).map(Number);
}

test("the tour goes from a tensor to a step, in the order in which each idea is needed", () => {
  const stops = [...printed.matchAll(/^\d+\. (\w+)/gm)].map(([, word]) => word);
  expect(stops).toEqual(["Tensors", "Gradients", "A", "g", "The", "Kronecker", "Damping", "Inverses", "How", "Steps"]);
});

test("it imports nothing but the package", () => {
  const sources = [...readFileSync(file, "utf8").matchAll(/from "([^"]+)"/g)].map(([, source]) => source);
  expect(sources).toEqual(["kronfac"]);
});

test("A Aᵀ and ∇f are what they are by hand", () => {
  expect(numbers("A Aᵀ = #, #, #, #")).toEqual([5, 11, 11, 25]);
  expect(numbers("f(x) = Σx² at (3, −1): ∇f = #, #")).toEqual([6, -2]);
});

test("ā ends in 1, and the parameters are counted rightly", () => {
  expect(numbers("ā of layer 1, case 1: #, #, #")[2]).toBe(1);
  const [rows1, columns1, rows2, columns2, rows3, columns3, parameters] = numbers(
    "The weights W are [# × #], [# × #], [# × #]: # parameters",
  );
  expect(rows1 * columns1 + rows2 * columns2 + rows3 * columns3).toBe(parameters);
  expect(numbers("a [# × #] matrix here")).toEqual([parameters, parameters]);
});

test("what is exact is exact: the gradient from ā and g, (A ⊗ G) vec(V), and F̃ of one case", () => {
  for (const pattern of [
    "Relative distance to automatic differentiation: #",
    "Relative distance of the two: #",
    "is F where there is one case; relative distance: #",
  ])
    expect(numbers(pattern)[0]).toBeLessThan(1e-14);
});

test("the KL divergence of a small step is ½δᵀFδ to a percent", () => {
  const [kl, quadratic, ratio] = numbers("KL is #, ½δᵀFδ is #, their ratio #");
  expect(kl).toBeGreaterThan(0);
  expect(quadratic).toBeGreaterThan(0);
  expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
});

test("F̃ of many cases is near F but not F, and F̂⁻¹ is nearer to F̃⁻¹ than F̆⁻¹ is", () => {
  const [approximation] = numbers("it is an approximation; relative distance: #");
  expect(approximation).toBeGreaterThan(0.01);
  expect(approximation).toBeLessThan(0.5);
  const [diagonal] = numbers("Relative distance of F̆⁻¹ to F̃⁻¹: #");
  const [tridiagonal] = numbers("Relative distance of F̂⁻¹ to F̃⁻¹: #");
  expect(tridiagonal).toBeGreaterThan(0);
  expect(tridiagonal).toBeLessThan(diagonal / 2);
});

test("the best step lowers M by −½∇hᵀδ, and h by nearly as much", () => {
  const [, fall, half] = numbers("α is #; M then falls by #, and −½∇hᵀδ is #");
  expect(fall).toBeCloseTo(half, 4);
  const [decrease, from, to] = numbers("h itself falls by #, from # to #");
  expect(from - to).toBeCloseTo(decrease, 3);
  expect(decrease / fall).toBeGreaterThan(0.75);
});

test("K-FAC by either inverse ends far below gradient descent", () => {
  const [descent] = numbers("gradient descent h is #");
  for (const name of ["F̆", "F̂"]) expect(numbers(`K-FAC by ${name} h is #`)[0]).toBeLessThan(descent / 10);
});
