import { gpu, type GpuBackend } from "../../src/gpu/index.js";
import { Launcher } from "../../src/gpu/launcher.js";
import { open } from "../../src/gpu/devices/open.js";
import type { Device } from "../../src/gpu/devices/device.js";
import { binaryFunctions, unaryFunctions, type ElementwiseFunction } from "../../src/gpu/operations/functions.js";
import type { Argument, Resident } from "../../src/gpu/resident.js";
import {
  add, concatenate, exp, keep, matmul, mul, ones, read, scope, slice, sub, sum, tanh, tensor, transpose,
  type Tensor,
} from "../../src/index.js"; // prettier-ignore
import { modes } from "./modes.js";

/** What arithmetic treats specially, and what it does not. */
const SPECIAL = [0, -0, 1, -1, 0.5, -0.3, 3, 7.3, 1e-3, 1e20, -1e20, 3e38, Infinity, -Infinity, NaN];
const LENGTH = SPECIAL.length ** 2;
/** Every pair of them. */
const P = Float32Array.from({ length: LENGTH }, (_, i) => SPECIAL[i % SPECIAL.length]);
const Q = Float32Array.from({ length: LENGTH }, (_, i) => SPECIAL[Math.floor(i / SPECIAL.length)]);

const { square, sqrt, sign, log, reciprocal, relu, abs, softplus, tanh: tanhFunction } = unaryFunctions;
const { add: plus, sub: minus, mul: times, div, less, maximum, equal } = binaryFunctions;

/** Functions of p, q and what the one before found, in a row; most are such as compilers simplify where they see them together. */
type Step = (p: Resident, q: Resident, x: Resident) => [ElementwiseFunction, readonly Argument[]];
const chains: Readonly<Record<string, readonly Step[]>> = {
  "√p²": [(p) => [sqrt, [p]], (p, q, x) => [square, [x]]],
  "sign(p·q)": [(p, q) => [times, [p, q]], (p, q, x) => [sign, [x]]],
  "log(1/p)": [(p) => [reciprocal, [p]], (p, q, x) => [log, [x]]],
  "1/(1/p)": [(p) => [reciprocal, [p]], (p, q, x) => [reciprocal, [x]]],
  "relu(p − q)": [(p, q) => [minus, [p, q]], (p, q, x) => [relu, [x]]],
  "(p − q) < 0": [(p, q) => [minus, [p, q]], (p, q, x) => [less, [x, 0]]],
  "p·q + q": [(p, q) => [times, [p, q]], (p, q, x) => [plus, [x, q]]],
  "(p + q) − q": [(p, q) => [plus, [p, q]], (p, q, x) => [minus, [x, q]]],
  "(p/q)·q": [(p, q) => [div, [p, q]], (p, q, x) => [times, [x, q]]],
  "p·q − p·q": [(p, q) => [times, [p, q]], (p, q, x) => [minus, [x, x]]],
  "p·0.1 = p·0.1": [(p) => [times, [p, Math.fround(0.1)]], (p, q, x) => [equal, [x, x]]],
  "tanh(softplus(max(p, |q|)))": [
    (p, q) => [abs, [q]],
    (p, q, x) => [maximum, [p, x]],
    (p, q, x) => [softplus, [x]],
    (p, q, x) => [tanhFunction, [x]],
  ],
};

/** Bits, but one for all NaN. */
function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.map((value) => (Number.isNaN(value) ? NaN : value)).buffer);
}

describe.each(modes)("deferred arrays of gpu.js in mode %s", (mode) => {
  let device: Device;
  let run: Launcher;
  let backend: GpuBackend;
  beforeAll(async () => {
    device = await open(mode);
    run = new Launcher(device);
    backend = await gpu({ mode }).ready();
  });
  afterAll(() => {
    device.destroy();
    backend.dispose();
  });

  const values = (x: Resident) => device.read(run.stored(x).elements ?? {}, x.length);
  /** Launches that a part of a test makes. */
  const launchesOf = async (part: () => unknown) => {
    const before = backend.launches;
    await part();
    return backend.launches - before;
  };
  const uniform = (shape: readonly number[], seed = 1) => {
    const length = shape.reduce((product, each) => product * each, 1);
    const flat = Float32Array.from({ length }, (_, i) => Math.sin(seed + i));
    return tensor(flat, { shape, backend });
  };

  test.each(Object.keys(chains))("%s is one launch and has the bits of its steps, one launch each", async (name) => {
    const [p, q] = [run.upload(P), run.upload(Q)];
    const apply = (after: (x: Resident) => unknown) =>
      chains[name].reduce((x, step) => {
        const next = run.defer(...step(p, q, x), LENGTH);
        after(next);
        if (x !== p) run.free(x);
        return next;
      }, p);
    const steps = apply((x) => run.stored(x));
    const before = device.launches;
    const fused = apply(() => undefined);
    expect(device.launches).toBe(before);
    expect(bits(await values(fused))).toEqual(bits(await values(steps)));
    expect(device.launches).toBe(before + 1);
  });

  test("what nobody reads is not computed, and what is read twice is computed once", async () => {
    using x = uniform([5, 3]);
    using y = mul(add(x, 1), x);
    expect(await launchesOf(() => exp(y).dispose())).toBe(0);
    const first = await read(y);
    expect(await launchesOf(() => read(y))).toBe(0);
    expect(await read(y)).toEqual(first);
  });

  test("operands may be freed before a result is read, and in every order all is freed at last", async () => {
    // One of its own, on which nothing else is dropped.
    using own = await gpu({ mode }).ready();
    const orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]]; // prettier-ignore
    for (const computed of [false, true])
      for (const order of orders) {
        const a = tensor([[1, 2, 3], [4, 5, 6]], { backend: own }); // prettier-ignore
        const b = slice(a, [null, [1, 3]]);
        const c = mul(b, 2);
        const d = add(c, b);
        if (computed) await read(c);
        const handles: readonly Tensor[] = [a, b, c, d];
        for (const i of order.slice(0, 2)) handles[i].dispose();
        if (!d.disposed) expect(await read(d)).toEqual(Float32Array.of(6, 9, 15, 18));
        for (const i of order.slice(2)) handles[i].dispose();
        expect(own.liveBuffers).toBe(0);
      }
  });

  test("twenty arrays are added in four launches: seven in the first, and six more to the sum in each of the others", async () => {
    const terms = Array.from({ length: 20 }, (_, i) => tensor([i, i * i], { backend }));
    const launches = await launchesOf(async () => {
      expect(await read(terms.reduce((a, b) => add(a, b)))).toEqual(Float32Array.of(190, 2470));
    });
    expect(launches).toBe(4);
  });

  test("a hundred and one functions in a row are seven launches of at most sixteen", async () => {
    const x = uniform([7]);
    const expected = (await read(x)).map((value) => Math.fround(value + 100));
    let y = add(x, 0);
    const launches = await launchesOf(async () => {
      for (let i = 0; i < 100; i++) y = add(y, 1);
      (await read(y)).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 4);
      });
    });
    expect(launches).toBe(7);
  });

  test("seven stretched, transposed and sliced operands, and eight numbers, are read in place, in one launch", async () => {
    const [row, column, tall] = [tensor([[1, 2, 3]], { backend }), tensor([[10], [20]], { backend }), uniform([3, 5])];
    const wide = transpose(slice(tall, [null, [2, 4]]));
    const plain = await read(tall);
    let y = wide;
    const launches = await launchesOf(async () => {
      const half = mul(sub(mul(add(add(row, column), wide), 2), wide), 0.5);
      y = add(add(half, add(column, row)), mul(wide, 3));
      y = mul(sub(1, sub(mul(sub(y, 1), -0.5), 2)), 4);
      await read(y);
    });
    expect(launches).toBe(1);
    const expected = [0, 1].flatMap((i) =>
      [0, 1, 2].map((j) => {
        const [r, c, w] = [j + 1, 10 * (i + 1), plain[5 * j + 2 + i]];
        const found = ((r + c + w) * 2 - w) * 0.5 + (c + r) + 3 * w;
        return (1 - ((found - 1) * -0.5 - 2)) * 4;
      }),
    );
    (await read(y)).forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-4);
    });
  });

  test("a transcendental function that others need too is computed once, and otherwise inside of what needs it", async () => {
    using x = uniform([6]);
    expect(await launchesOf(() => read(scope(() => mul(exp(x), 2))))).toBe(1);
    using y = exp(x);
    const [more, twice] = [add(y, 1), mul(y, 2)];
    expect(await launchesOf(() => read(more))).toBe(2);
    expect(await launchesOf(() => read(twice))).toBe(1);
    expect(await launchesOf(() => read(y))).toBe(0);
  });

  test("a sum and a concatenation compute their operands as they read them", async () => {
    const [a, b, c] = [tensor([[1, 2, 3], [4, 5, 6]], { backend }), tensor([[1], [2]], { backend }), tensor([[7, 8]], { backend })]; // prettier-ignore
    const y = mul(sub(a, b), a); // [[0, 2, 6], [8, 15, 24]]
    const results: readonly (readonly [() => Tensor, readonly number[]])[] = [
      [() => sum(y, 0), [8, 17, 30]],
      [() => sum(y, 1), [8, 47]],
      [() => sum(mul(a, a)), [91]],
      [() => concatenate([y, transpose(c), ones([2, 2], a)], 1), [0, 2, 6, 7, 1, 1, 8, 15, 24, 8, 1, 1]],
      [() => concatenate([mul(a, 2), slice(a, [[1, 2]])]), [2, 4, 6, 8, 10, 12, 4, 5, 6]],
    ];
    for (const [result, expected] of results)
      expect(await launchesOf(async () => expect(await read(result())).toEqual(Float32Array.from(expected)))).toBe(1);
  });

  test("parts of a concatenation that together read more arrays than a kernel may are computed before", async () => {
    const [a, b, c] = [1, 2, 3].map((value) => tensor([value, 10 * value], { backend }));
    const part = (factor: number) => mul(add(add(a, b), c), factor);
    const launches = await launchesOf(async () => {
      const all = concatenate([part(1), part(2), ones([1], a), part(3)]);
      expect(await read(all)).toEqual(Float32Array.of(6, 60, 12, 120, 1, 18, 180));
    });
    expect(launches).toBe(4);
  });

  test("leading rows are no copies", async () => {
    const x = uniform([6, 4]);
    const weights = uniform([4, 4], 2);
    expect(await launchesOf(() => read(matmul(slice(x, [[0, 3]]), weights)))).toBe(1);
    expect(await launchesOf(async () => expect(await read(slice(x, [[0, 1]]))).toEqual((await read(x)).subarray(0, 4)))).toBe(0); // prettier-ignore
  });

  test("a state that each step replaces keeps as many arrays as it had", async () => {
    const weights = uniform([8, 8]);
    let state = keep(scope(() => add(uniform([8, 8], 3), 0)));
    let average = keep(scope(() => mul(state, 1)));
    const live: number[] = [];
    for (let k = 0; k < 100; k++) {
      const [nextState, nextAverage] = keep(
        scope(() => {
          const next = tanh(add(matmul(state, weights), mul(state, 0.5)));
          return [next, add(mul(average, 0.9), mul(next, 0.1))] as const;
        }),
      );
      state.dispose();
      average.dispose();
      [state, average] = [nextState, nextAverage];
      live.push(backend.liveBuffers);
    }
    expect(Math.max(...live.slice(20))).toBeLessThanOrEqual(Math.max(...live.slice(0, 20)));
    expect((await read(average)).every((value) => Math.abs(value) <= 1)).toBe(true);
  });
});
