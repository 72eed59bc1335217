import { batches, exponentialSchedule, type Data } from "../../src/network/batches.js";
import { tensor } from "../../src/tensor/create.js";
import { numbers } from "../support/close.js";
import { normalTensor } from "../support/problems.js";

/** n cases that carry their number as input and ten times it as target. */
function numbered(n: number): Data {
  const cases = Float64Array.from({ length: n }, (_, i) => i);
  return {
    inputs: tensor(cases, { shape: [n, 1] }),
    targets: tensor(
      cases.map((i) => 10 * i),
      { shape: [n, 1] },
    ),
  };
}

async function casesOf(data: Data, options: Parameters<typeof batches>[1], count: number): Promise<number[][]> {
  const source = batches(data, options);
  const drawn: number[][] = [];
  for (let k = 0; k < count; k++) drawn.push(await numbers(source.next().value.inputs));
  return drawn;
}

describe("batches", () => {
  test("every batch is drawn without replacement", async () => {
    for (const cases of await casesOf(numbered(20), { size: 12 }, 30)) {
      expect(cases).toHaveLength(12);
      expect(new Set(cases).size).toBe(12);
    }
  });

  test("a batch of all cases holds each once", async () => {
    for (const cases of await casesOf(numbered(9), { size: 9 }, 5))
      expect([...cases].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("inputs keep their targets", async () => {
    const { inputs, targets } = batches(numbered(20), { size: 7 }).next().value;
    expect(await numbers(targets)).toEqual((await numbers(inputs)).map((i) => 10 * i));
  });

  test("labels stay with their inputs", async () => {
    const { inputs } = numbered(20);
    const labels = tensor(Float64Array.from({ length: 20 }, (_, i) => i % 3));
    const batch = batches({ inputs, targets: labels }, { size: 7 }).next().value;
    expect(batch.targets.shape).toEqual([7]);
    expect(await numbers(batch.targets)).toEqual((await numbers(batch.inputs)).map((i) => i % 3));
  });

  test("the same seed gives the same batches, another others", async () => {
    const drawn = (seed: number) => casesOf(numbered(20), { size: 7, seed }, 4);
    expect(await drawn(5)).toEqual(await drawn(5));
    expect(await drawn(5)).not.toEqual(await drawn(6));
  });

  test("batches are independent: a case of one is in the next with probability m/n", async () => {
    const [n, m, count] = [20, 5, 2000];
    const drawn = await casesOf(numbered(n), { size: m }, count);
    let repeated = 0;
    for (let k = 1; k < count; k++) repeated += drawn[k].filter((i) => drawn[k - 1].includes(i)).length;
    const share = repeated / ((count - 1) * m);
    expect(Math.abs(share - m / n)).toBeLessThan(0.02);
    const frequency = new Array<number>(n).fill(0);
    drawn.flat().forEach((i) => frequency[i]++);
    for (const f of frequency) expect(Math.abs(f / count - m / n)).toBeLessThan(0.06);
  });

  test("a schedule says how many cases each batch holds", async () => {
    const drawn = await casesOf(numbered(20), { schedule: (k) => 2 * k }, 5);
    expect(drawn.map((cases) => cases.length)).toEqual([2, 4, 6, 8, 10]);
  });

  test.each([0, -3, 21, 2.5, NaN])("a size of %s for 20 cases is refused at the call", (size) => {
    expect(() => batches(numbered(20), { size })).toThrow(
      `batches: batch 1 is to hold ${size} of 20 cases; it must be an integer in 1 … 20`,
    );
  });

  test("a schedule that outgrows the data is refused when it does", () => {
    const source = batches(numbered(4), { schedule: (k) => 3 * k });
    source.next();
    expect(() => source.next()).toThrow("batches: batch 2 is to hold 6 of 4 cases; it must be an integer in 1 … 4");
  });

  test("a size and a schedule, or neither, are refused", () => {
    expect(() => batches(numbered(4), {})).toThrow("batches: give either a size or a schedule");
    expect(() => batches(numbered(4), { size: 2, schedule: () => 2 })).toThrow(
      "batches: give either a size or a schedule",
    );
  });

  test("empty data, and rows that do not match, are refused", () => {
    const { inputs, targets } = numbered(4);
    const none = tensor([], { shape: [0, 1] });
    expect(() => batches({ inputs: none, targets: none }, { size: 1 })).toThrow(
      "batches: inputs must be [cases×features] with at least one case, not [0×1]",
    );
    expect(() => batches({ inputs, targets: normalTensor([3, 1], 1) }, { size: 1 })).toThrow(
      "batches: inputs [4×1] and targets [3×1] differ in cases",
    );
    expect(() => batches({ inputs: targets, targets: tensor(1) }, { size: 1 })).toThrow(/differ in cases$/);
  });

  test("a seed that is none is refused", () => {
    expect(() => batches(numbered(4), { size: 1, seed: 0.5 })).toThrow(/^stream: seed 0.5 must be an integer/);
  });
});

describe("exponentialSchedule", () => {
  test("is m₁ exp((k − 1)/b) with b such that it reaches |S| at iteration 500, as in §13", () => {
    const schedule = exponentialSchedule(60_000);
    const b = 499 / Math.log(60);
    expect(schedule(1)).toBe(1000);
    for (const k of [2, 100, 250, 499]) expect(schedule(k)).toBe(Math.round(1000 * Math.exp((k - 1) / b)));
    expect(schedule(500)).toBe(60_000);
    expect(schedule(10_000)).toBe(60_000);
  });

  test("starts elsewhere and ends elsewhere where it is told to", () => {
    const schedule = exponentialSchedule(800, { first: 50, full: 5 });
    expect([1, 2, 3, 4, 5, 6].map(schedule)).toEqual([50, 100, 200, 400, 800, 800]);
  });

  test("never asks for more cases than there are", () => {
    expect([1, 2, 500].map(exponentialSchedule(30))).toEqual([30, 30, 30]);
  });

  test.each([
    [0, {}, "cases is 0; it must be an integer of at least 1"],
    [100, { first: 0 }, "first is 0; it must be an integer of at least 1"],
    [100, { first: 2.5 }, "first is 2.5; it must be an integer of at least 1"],
    [100, { full: 1 }, "full is 1; it must be an integer of at least 2"],
  ])("refuses exponentialSchedule(%s, %o)", (cases, options, message) => {
    expect(() => exponentialSchedule(cases, options)).toThrow(`exponentialSchedule: ${message}`);
  });
});
