import { parseOptions, type Options } from "../../../examples/autoencoder/options.js";
import { UsageError } from "../../../examples/usage-error.js";

const parse = (line: string): Options => {
  const options = parseOptions(line.split(" ").filter((word) => word !== ""));
  if ("help" in options) throw new Error("options expected, help shown");
  return options;
};

test("without flags only what has a fixed default is set", () => {
  expect(parse("")).toEqual({
    optimizers: ["kfac", "adam", "sgd"],
    learningRate: { adam: 0.001, sgd: 0.003 },
    layers: [1000, 500, 250, 30],
    seed: 0,
    out: "output",
    paper: false,
    full: false,
    quiet: false,
    withoutMomentum: false,
    kfac: {},
  });
  expect(Object.keys(parse(""))).not.toContain("batch");
});

test("every flag arrives under its name, as the type it stands for", () => {
  const line =
    "--optimizers sgd,kfac --iterations 7 --batch 64 --layers 30,20,2 --seed 3 --backend wasm --threads 2 " +
    "--dtype float64 --inverse exact-tikhonov --fisher curvature-propagation --lambda 1e-1 --eta 0 " +
    "--statistics-fraction 0.125 --model-fraction 1 --adapt-gamma-every 15 --invert-every 5 --initialize sparse --data /d --learning-rate 0.5 " +
    "--paper --full --quiet --out there --without-momentum --schedule 30 --save a --save-every 4 --resume b";
  expect(parse(line)).toEqual({
    optimizers: ["sgd", "kfac"],
    iterations: 7,
    batch: 64,
    layers: [30, 20, 2],
    seed: 3,
    backend: "wasm",
    threads: 2,
    dtype: "float64",
    initialize: "sparse",
    data: "/d",
    learningRate: { adam: 0.5, sgd: 0.5 },
    paper: true,
    full: true,
    quiet: true,
    out: "there",
    inverses: ["exact-tikhonov"],
    withoutMomentum: true,
    schedule: 30,
    save: "a",
    saveEvery: 4,
    resume: "b",
    kfac: {
      fisher: "curvature-propagation",
      lambda: 0.1,
      eta: 0,
      statisticsFraction: 0.125,
      modelFraction: 1,
      adaptGammaEvery: 15,
      invertEvery: 5,
    },
  });
});

test("a K-FAC flag that was not given leaves a preset alone when spread over it", () => {
  const preset = { lambda: 150, invertEvery: 20 };
  expect({ ...preset, ...parse("--paper --lambda 5").kfac }).toEqual({ lambda: 5, invertEvery: 20 });
});

test("--inverse takes several, in their order", () => {
  expect(parse("--inverse block-tridiagonal,block-diagonal").inverses).toEqual(["block-tridiagonal", "block-diagonal"]);
});

test("--schedule without a value is the paper's", () => {
  expect(parse("--schedule").schedule).toBe(500);
  expect(parse("--schedule --quiet")).toMatchObject({ schedule: 500, quiet: true });
});

test("one baseline's learning rate can be set without the other's", () => {
  expect(parse("--learning-rate sgd=0.01").learningRate).toEqual({ adam: 0.001, sgd: 0.01 });
  expect(parse("--learning-rate sgd=0.01,adam=0.02").learningRate).toEqual({ adam: 0.02, sgd: 0.01 });
});

describe("a wrong flag gives one line that names it and says what to give", () => {
  test.each([
    ["--iteration 5", "unknown option '--iteration' (Did you mean --iterations?); --help lists the flags"],
    ["--frobnicate", "unknown option '--frobnicate'; --help lists the flags"],
    ["5", "unexpected argument '5'; flags follow a double dash: npm start -- --iterations 20"],
    ["--iterations", "option '--iterations <n>' argument missing; --help lists the flags"],
    ["--iterations ten", "'--iterations <n>' argument 'ten' is invalid. Give a whole number of at least 1"],
    ["--iterations 0", "Give a whole number of at least 1"],
    ["--iterations 1.5", "Give a whole number of at least 1"],
    ["--iterations 0x10", "Give a whole number of at least 1"],
    ["--iterations -3", "argument '-3' is invalid. Give a whole number of at least 1"],
    ["--batch=", "Give a whole number of at least 1"],
    ["--seed 4294967296", "Give a whole number from 0 to 4294967295"],
    ["--threads 0", "Give a whole number of at least 1"],
    ["--invert-every 0", "Give a whole number of at least 1"],
    ["--lambda 0", "'--lambda <x>' argument '0' is invalid. Give a number above 0"],
    ["--lambda NaN", "Give a number above 0"],
    ["--lambda Infinity", "Give a number above 0"],
    ["--lambda 1e999", "Give a number above 0"],
    ["--eta -1", "Give a number 0 or more"],
    ["--statistics-fraction 0", "Give a number above 0 and at most 1"],
    ["--model-fraction 1.01", "Give a number above 0 and at most 1"],
    ["--backend tpu", "'--backend <name>' argument 'tpu' is invalid. Allowed choices are cpu, wasm, gpu, gpu-webgpu"],
    ["--dtype float16", "Allowed choices are float32, float64"],
    ["--inverse full", "Give any of block-diagonal,block-tridiagonal,exact-tikhonov, separated by commas"],
    ["--inverse block-diagonal,block-diagonal", "Name each inverse once"],
    ["--schedule 1", "Give a whole number of at least 2"],
    ["--fisher true", "Allowed choices are sampled, exact, curvature-propagation, empirical"],
    ["--initialize zero", "Allowed choices are glorot, sparse"],
    ["--optimizers kfac,lbfgs", "Give any of kfac,adam,sgd, separated by commas"],
    ["--optimizers kfac,kfac", "Name each optimizer once"],
    ["--layers 784-1000-500", "Give the encoder's widths, whole numbers separated by commas, such as 1000,500,250,30"],
    ["--layers 1000,", "Give the encoder's widths"],
    ["--layers 1000,0", "Give the encoder's widths"],
    ["--learning-rate fast", "Give a number above 0, or adam=0.001,sgd=0.003"],
    ["--learning-rate kfac=1", "Give rates for adam and sgd"],
    ["--learning-rate adam=0", "Give a number above 0"],
    ["--backend cpu --threads 2", "--threads is for the wasm backend, and --backend says cpu; leave one of them out"],
  ])("%s", (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
    expect(() => parse(line)).not.toThrow(/\n|^error/);
  });
});

test("--help lists every flag, whatever else is given", () => {
  const options = parseOptions(["--iterations", "3", "--help"]);
  const flags =
    "optimizers iterations batch layers seed backend threads dtype inverse fisher lambda eta statistics-fraction " +
    "model-fraction adapt-gamma-every invert-every initialize data learning-rate paper full out quiet help";
  expect("help" in options && options.help).toBeTruthy();
  for (const flag of flags.split(" ")) expect("help" in options && options.help).toMatch(new RegExp(`--${flag}\\b`));
});
