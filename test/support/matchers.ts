import type { Plain } from "./plain.js";

/** Where float32 loses relative accuracy: its smallest normal number. */
const SMALLEST = 2 ** -126;

expect.extend({
  toBeCloseToPlain: (actual: Plain, expected: Plain, tolerance: number) => compare(actual, expected, tolerance),
  toBePlain: (actual: Plain, expected: Plain) => compare(actual, expected, 0),
});

function compare(actual: Plain, expected: Plain, tolerance: number): jest.CustomMatcherResult {
  if (actual.shape.join() !== expected.shape.join() || actual.values.length !== expected.values.length)
    return report(false, `shape [${actual.shape.join("×")}] is not [${expected.shape.join("×")}]`);
  const wrong = actual.values.findIndex((value, i) => !isClose(value, i, expected, tolerance));
  if (wrong < 0) return report(true, `all ${actual.values.length} elements are within ${tolerance}`);
  const [value, wanted] = [actual.values[wrong], expected.values[wrong]];
  return report(
    false,
    `element ${wrong} of [${actual.shape.join("×")}] is ${value}, not ${wanted} (tolerance ${tolerance})`,
  );
}

function isClose(value: number, i: number, { values, magnitudes }: Plain, tolerance: number): boolean {
  const wanted = values[i];
  if (value === wanted || (Number.isNaN(value) && Number.isNaN(wanted))) return true;
  const scale = Math.max(Math.abs(wanted), magnitudes?.[i] ?? 0, SMALLEST);
  return Number.isFinite(wanted) && Math.abs(value - wanted) <= tolerance * scale;
}

function report(pass: boolean, text: string): jest.CustomMatcherResult {
  return { pass, message: () => text };
}
