import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cpu,
  denseFisher,
  denseKroneckerFisher,
  kroneckerFactors,
  read,
  slice,
  stream,
  tensor,
  type Network,
  type Tensor,
} from "kronfac";
import { sharesOf } from "../../../examples/fisher/compare.js";
import { denseInverses } from "../../../examples/fisher/inverses.js";
import { exactFactors, exactFisher } from "../../../examples/fisher/middle.js";
import { classifier, loss } from "../../../examples/classifier.js";
import { parseOptions } from "../../../examples/fisher/options.js";
import { run } from "../../../examples/fisher/run.js";
import { UsageError } from "../../../examples/usage-error.js";

const placement = { dtype: "float64", backend: cpu() } as const;
const widths = [3, 4, 2, 3, 2];
const middle = { first: 1, last: 2 };
/** Parameters before the middle layers, and up to their end. */
const [START, END] = [4 * 4, 4 * 4 + 2 * 5 + 3 * 3];

let net: Network;
let inputs: Tensor;
beforeAll(() => {
  net = classifier(widths, { seed: 1, ...placement });
  inputs = tensor(stream(2).normal(7 * 3), { shape: [7, 3], ...placement });
});

const middleOf = (whole: Tensor) =>
  slice(whole, [
    [START, END],
    [START, END],
  ]);

test.each([3, 7, 100])(
  "the exact Fisher of the middle layers is that part of the whole one, %i cases at a time",
  async (chunk) => {
    const expected = await read(middleOf(denseFisher(net, loss, inputs)));
    const actual = await read(exactFisher(net, loss, inputs, middle, chunk));
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 14));
  },
);

test("so are the factors, which give it exactly where there is one case", async () => {
  const whole = denseKroneckerFisher(kroneckerFactors(net, loss, { inputs }, { fisher: "exact", pairs: "all" }));
  const expected = await read(middleOf(whole));
  const actual = await read(denseKroneckerFisher(exactFactors(net, loss, inputs, middle)));
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 14));
});

test("of two layers the block-tridiagonal inverse is the whole one, of three it is not", async () => {
  const two = await denseInverses(exactFactors(net, loss, inputs, middle), 0.1);
  two.full.forEach((value, i) => expect(two.tridiagonal[i]).toBeCloseTo(value, 8));
  const three = await denseInverses(exactFactors(net, loss, inputs, { first: 0, last: 2 }), 0.1);
  expect(Math.max(...three.full.map((value, i) => Math.abs(three.tridiagonal[i] - value)))).toBeGreaterThan(1e-3);
});

test("shares of the squared norm are told apart by distance from the diagonal", () => {
  const x = Float64Array.of(1, 2, 3, 2, 4, 5, 3, 5, 6);
  expect(sharesOf(x, [0, 1, 2, 3])).toEqual({ diagonal: 53 / 129, neighbours: 58 / 129, others: 18 / 129 });
  expect(sharesOf(x, [0, 3])).toEqual({ diagonal: 1, neighbours: 0, others: 0 });
});

describe("npm run fisher", () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "fisher-"))));
  afterAll(() => rmSync(directory, { recursive: true }));

  test("leaves its numbers, and a page of pictures that needs nothing else", async () => {
    const flags = "--side 6 --hidden 6,6,6,6 --cases 300 --error 0.4 --gammas 0.001,0.1 --threads 1";
    let written = "";
    await run([...flags.split(" "), "--out", directory], (text) => (written += text));
    expect(written).toMatch(/report\.html and .*fisher\.json are written\n$/);

    const numbers = JSON.parse(readFileSync(join(directory, "fisher.json"), "utf8")) as {
      training: { errorRate: number };
      fisher: { relativeError: number };
      layers: unknown;
      inverses: {
        gamma: number;
        norm: number;
        diagonalError: number;
        tridiagonalError: number;
        shares: { diagonal: number; neighbours: number; others: number };
      }[];
    };
    expect(numbers.training.errorRate).toBeLessThan(0.4);
    expect(numbers.fisher.relativeError).toBeLessThan(1);
    expect(numbers.layers).toEqual({ first: 2, last: 4, edges: [0, 42, 84, 126] });
    const gammas = numbers.inverses.map(({ gamma }) => gamma);
    expect(gammas).toEqual(expect.arrayContaining([0.001, 0.01, 0.1]));
    expect(gammas).toEqual(gammas.toSorted((a, b) => a - b));
    for (const { gamma, norm, diagonalError, tridiagonalError, shares } of numbers.inverses) {
      expect(tridiagonalError).toBeLessThan((gamma <= 0.01 ? 0.5 : 1) * diagonalError);
      expect(diagonalError).toBeLessThan(norm);
      expect(shares.diagonal + shares.neighbours + shares.others).toBeCloseTo(1, 12);
      expect(shares.neighbours).toBeGreaterThan(shares.others);
    }

    const html = readFileSync(join(directory, "report.html"), "utf8");
    expect(html.match(/<image /g)).toHaveLength(9);
    expect(html.match(/class="scale"/g)).toHaveLength(5);
    const sources = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source);
    expect(sources.every((source) => source.startsWith("data:image/png;base64,"))).toBe(true);
    expect(html.replace(/base64,[^"]*/g, "")).not.toMatch(/<script|NaN|undefined|\[object/);
  });

  test("what it cannot do is refused in a line that says what to do", async () => {
    const refused = async (flags: string, message: string) => {
      const result = run([...flags.split(" "), "--out", directory], () => undefined);
      await expect(result).rejects.toThrow(UsageError);
      await expect(result).rejects.toThrow(message);
    };
    await refused("--cases 10001", "--cases 10001 is more than the 10000 digits there are");
    await refused(
      "--hidden 5,5",
      "Give the widths of the hidden layers, whole numbers separated by commas, 3 or more of them, such as 20,20,20,20,20",
    );
    await refused("--gammas 0.1,0", "Give numbers above 0 separated by commas");
    await refused("twenty", "unexpected argument 'twenty'; flags follow a double dash: npm run fisher --");
  });

  test("--help is written", () => {
    expect(parseOptions(["--help"])).toEqual({ help: expect.stringContaining("--gamma <x>") as string });
  });
});
