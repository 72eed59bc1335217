import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu, read, scope, stream, sub, tensor, sum, square } from "kronfac";
import { teacherProblem } from "../../../examples/invariance/problem.js";
import { reparameterisations, reparameterised, transformInputs } from "../../../examples/invariance/reparameterise.js";
import { parseOptions } from "../../../examples/invariance/options.js";
import { run } from "../../../examples/invariance/run.js";
import type { Divergence } from "../../../examples/invariance/divergence.js";
import type { Trajectory } from "../../../examples/invariance/trajectories.js";

const backend = cpu();

test("every description of a network is the same function of the same cases", async () => {
  const { widths, weights, inputs } = teacherProblem({ cases: 30, iterations: 1, seed: 3 }, backend);
  const d = widths[0];
  const [first, ...others] = await Promise.all(
    reparameterisations(inputs, d).map(async (description) => {
      const x = transformInputs(inputs, d, description.inputs);
      const net = reparameterised(widths, weights, description);
      return read(net.predict(tensor(x, { shape: [30, d], dtype: "float64", backend })));
    }),
  );
  expect(others).toHaveLength(4);
  for (const outputs of others) outputs.forEach((value, i) => expect(value).toBeCloseTo(first[i], 10));
});

test("whitened inputs have mean 0 and covariance I", () => {
  const d = 3;
  const x = stream(1)
    .normal(50 * d)
    .map((value, at) => (at % d) + (1 + (at % d)) * value);
  const whitened = transformInputs(x, d, reparameterisations(x, d)[3].inputs);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) {
      let [mean, moment] = [0, 0];
      for (let n = 0; n < 50; n++) {
        mean += whitened[n * d + i] / 50;
        moment += (whitened[n * d + i] * whitened[n * d + j]) / 50;
      }
      expect(mean).toBeCloseTo(0, 10);
      expect(moment).toBeCloseTo(Number(i === j), 10);
    }
});

test("the start is not the teacher, so that there is something to learn", async () => {
  const { widths, weights, inputs, targets } = teacherProblem({ cases: 30, iterations: 1, seed: 3 }, backend);
  const net = reparameterised(widths, weights, { name: "", units: "sigmoid" });
  const x = tensor(inputs, { shape: [30, widths[0]], dtype: "float64", backend });
  const [distance] = await read(scope(() => sum(square(sub(net.predict(x), targets)))));
  expect(distance).toBeGreaterThan(1);
});

describe("npm run invariance", () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "invariance-"))));
  afterAll(() => rmSync(directory, { recursive: true }));

  test("finds the divergence quadratic, undamped trajectories that coincide, and SGD's that part", async () => {
    let written = "";
    const flags = "--cases 300 --iterations 5 --threads 1 --seed 1";
    await run([...flags.split(" "), "--out", directory], (text) => (written += text));
    expect(written).toMatch(/report\.html and .*invariance\.json are written\n$/);

    const { divergence, invariance } = JSON.parse(readFileSync(join(directory, "invariance.json"), "utf8")) as {
      divergence: { directions: Divergence[] };
      invariance: { methods: { method: string; trajectories: Trajectory[] }[] };
    };
    for (const { steps, slope } of divergence.directions) {
      expect(Math.abs(slope - 2)).toBeLessThan(0.01);
      for (const { t, kl, quadratic } of steps.slice(0, 4)) {
        expect(quadratic).toBeCloseTo(t ** 2 / 2, 12);
        expect(Math.abs(kl / quadratic - 1)).toBeLessThan(0.03);
      }
      const { kl, quadratic } = steps[steps.length - 1];
      expect(Math.abs(kl / quadratic - 1)).toBeGreaterThan(0.1);
    }
    const [steepest, natural] = divergence.directions;
    expect(natural.steps[0].decrease).toBeGreaterThan(steepest.steps[0].decrease);

    expect(invariance.methods.map(({ method }) => method)).toEqual([
      "natural gradient",
      "K-FAC, block-diagonal",
      "K-FAC, block-tridiagonal",
      "SGD",
    ]);
    for (const { method, trajectories } of invariance.methods) {
      const [first, ...others] = trajectories;
      expect(first.losses).toHaveLength(6);
      expect(first.losses[5]).toBeLessThan(first.losses[0]);
      for (const { gaps } of others) {
        expect(gaps[0]).toBeLessThan(1e-12);
        if (method === "SGD") expect(gaps[5]).toBeGreaterThan(1e-3);
        else for (const gap of gaps) expect(gap).toBeLessThan(1e-6);
      }
    }

    const html = readFileSync(join(directory, "report.html"), "utf8");
    expect(html.match(/<figure>/g)).toHaveLength(7);
    expect(html).not.toMatch(/<script|NaN|undefined|\[object/);
  });

  test("--help is written", () => {
    expect(parseOptions(["--help"])).toEqual({ help: expect.stringContaining("--lambda <x>") as string });
  });
});
