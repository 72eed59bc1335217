import { tanh } from "../../src/autodiff/index.js";
import { glorot, sparse } from "../../src/network/initialize.js";
import { dense } from "../../src/network/layer.js";
import { network } from "../../src/network/network.js";
import { stream } from "../../src/tensor/random.js";
import { numbers, rows } from "../support/close.js";
import { matrix } from "../support/dense.js";

function drawn(initialize: typeof glorot, dOut: number, columns: number, seed = 1) {
  const values = initialize([dOut, columns], stream(seed));
  expect(values).toHaveLength(dOut * columns);
  return matrix(dOut, columns, (i, j) => values[i * columns + j]);
}

describe("glorot", () => {
  test("weights fill ±√(6/(d_in + d_out)) evenly and biases are 0", () => {
    const [dOut, dIn] = [60, 100];
    const W = drawn(glorot, dOut, dIn + 1);
    const limit = Math.sqrt(6 / (dIn + dOut));
    const weights = W.flatMap((row) => row.slice(0, -1));
    expect(W.every((row) => row[dIn] === 0)).toBe(true);
    expect(Math.max(...weights.map(Math.abs))).toBeLessThan(limit);
    expect(Math.max(...weights)).toBeGreaterThan(0.99 * limit);
    expect(Math.min(...weights)).toBeLessThan(-0.99 * limit);
    // The variance of a uniform number in ±limit is limit²/3; its relative error over n draws is √(4/(5n)).
    const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(Math.abs(variance / (limit ** 2 / 3) - 1)).toBeLessThan(5 * Math.sqrt(0.8 / weights.length));
  });
});

describe("sparse", () => {
  test("every unit has exactly 15 incoming weights that are not 0, with bias 0", () => {
    const W = drawn(sparse(15), 40, 101);
    for (const row of W) {
      expect(row.filter((w) => w !== 0)).toHaveLength(15);
      expect(row[100]).toBe(0);
    }
    // They are N(0, 1), and the inputs they come from differ from unit to unit.
    const weights = W.flat().filter((w) => w !== 0);
    const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / weights.length));
    expect(new Set(W.map((row) => row.map((w) => Number(w !== 0)).join())).size).toBe(40);
  });

  test("a unit with fewer than 15 inputs takes them all", () => {
    for (const row of drawn(sparse(15), 6, 8)) expect(row.slice(0, -1).every((w) => w !== 0)).toBe(true);
  });

  test.each([0, -1, 1.5, NaN])("%s incoming weights are refused", (incoming) => {
    expect(() => sparse(incoming)).toThrow(`sparse: ${incoming} incoming weights; it must be an integer of at least 1`);
  });
});

describe("the initial weights of a network", () => {
  const layers = () => [dense(5, 4, tanh), dense(4, 4, tanh)];

  test("are the same for the same seed, others for another, and differ between layers", async () => {
    const start = (seed: number) => Promise.all(network(layers(), { seed }).weights.map(numbers));
    expect(await start(3)).toEqual(await start(3));
    expect(await start(3)).not.toEqual(await start(4));
    const [, second] = await start(3);
    const [first] = await Promise.all(network([dense(4, 4, tanh)], { seed: 3 }).weights.map(numbers));
    expect(second).not.toEqual(first);
  });

  test("come from the network's own initialisation where it names one", async () => {
    const net = network(layers(), { initialize: sparse(2), dtype: "float64" });
    for (const W of net.weights) for (const row of await rows(W)) expect(row.filter((w) => w !== 0)).toHaveLength(2);
  });

  test("come from the layer's own initialisation otherwise", async () => {
    const net = network([dense(5, 4, tanh, sparse(1))], { dtype: "float64" });
    for (const row of await rows(net.weights[0])) expect(row.filter((w) => w !== 0)).toHaveLength(1);
  });
});
