/**
 * Measures the error of the kernels' exp, log, tanh, sigmoid and softplus in ulp (spacings of numbers at the exact result), by
 *
 *   npm run ulp -- [stride] [samples]
 *
 * float32 against float64 Math on every stride-th of all 2³² floats (1, the default, takes a quarter of an hour; 97 seconds), and
 * float64 against 200-bit arithmetic on `samples` random numbers of all magnitudes (20,000 by default). Fails above 2 ulp.
 * Both roundings are measured, with and without relaxed SIMD (in Node 20 behind a flag, which is switched on).
 */
/* global WebAssembly */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

const [stride = 1, samples = 20000] = process.argv.slice(2).map(Number);
const LIMIT = 2;
const CHUNK = 2 ** 16;
const [X, Y, SCRATCH] = [2 ** 20, 2 ** 21, 2 ** 16];

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** Number of the operation in the kernel, and the function in float64. */
const functions = {
  exp: [6, Math.exp],
  log: [7, Math.log],
  tanh: [8, Math.tanh],
  sigmoid: [9, (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))],
  softplus: [10, softplus],
};

let failed = false;

function report(build, name, dtype, { error, x }) {
  failed ||= !(error <= LIMIT);
  console.log(`${build} ${name} ${dtype}: ${error.toFixed(3)} ulp at ${x}`);
}

/** A module's unary kernels over a memory of their own; undefined where this engine cannot run it. */
function open(name) {
  const text = readFileSync(new URL(`../src/wasm/generated/${name}.ts`, import.meta.url), "utf8");
  const bytes = Buffer.from(/"(.*)"/.exec(text)[1], "base64");
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (!WebAssembly.validate(bytes)) return undefined;
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return { exports, memory };
}

function worst32({ exports, memory }, operation, reference) {
  const bits = new Uint32Array(memory.buffer, X, CHUNK);
  const x = new Float32Array(memory.buffer, X, CHUNK);
  const y = new Float32Array(memory.buffer, Y, CHUNK);
  const worst = { error: 0, x: 0 };
  for (let first = 0; first < 2 ** 32; first += CHUNK * stride) {
    for (let i = 0; i < CHUNK; i++) bits[i] = first + i * stride;
    exports.map_f32(0, operation, 1, CHUNK, X, 0, 1, 0, 0, 0, 0, 0, 0, Y, SCRATCH);
    for (let i = 0; i < CHUNK; i++) {
      const exact = reference(x[i]);
      if (Math.fround(exact) === y[i]) continue;
      const error = Number.isNaN(exact) && Number.isNaN(y[i]) ? 0 : Math.abs(y[i] - exact) / spacing(exact, 23, -149);
      if (!(error <= worst.error)) Object.assign(worst, { error, x: x[i] });
    }
  }
  return worst;
}

function worst64({ exports, memory }, operation, name) {
  const x = new Float64Array(memory.buffer, X, 1);
  const y = new Float64Array(memory.buffer, Y, 1);
  const worst = { error: 0, x: 0 };
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < samples; i++) {
    x[0] =
      (random() + random() * 2 ** -32) * (i % 2 === 0 ? 40 : 2 ** (20 - 60 * random())) * (random() < 0.5 ? -1 : 1);
    if (name === "exp" && i % 3 === 0) x[0] = (random() + random() * 2 ** -32) * 1455 - 745;
    if (name === "log") x[0] = i % 3 === 0 ? Math.abs(x[0]) * 2 ** (2000 * random() - 1060) : 0.5 + Math.abs(x[0]) / 20;
    if ((name === "sigmoid" || name === "softplus") && i % 3 === 0) x[0] = random() * -744;
    if (name === "log" ? !(x[0] > 0 && x[0] < Infinity) : Math.abs(x[0]) > 800) continue;
    exports.map_f64(0, operation, 1, 1, X, 0, 1, 0, 0, 0, 0, 0, 0, Y, SCRATCH);
    const error = exactError(y[0], exact[name](x[0]));
    if (!(error <= worst.error)) Object.assign(worst, { error, x: x[0] });
  }
  return worst;
}

/** The distance of neighbouring numbers at x: 2^(exponent − fraction), at least 2^least. */
function spacing(x, fraction, least) {
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  const exact =
    2 ** exponent > Math.abs(x) ? exponent - 1 : 2 ** (exponent + 1) <= Math.abs(x) ? exponent + 1 : exponent;
  return 2 ** Math.max(exact - fraction, least);
}

/* Numbers v·2⁻ˢ, v a BigInt: { v, s }. */

const BITS = 200;

/** A float64 as v·2⁻ˢ. */
function fixed(x, s) {
  if (x === 0) return 0n;
  // one bit more than a float64 has, since log2 may round up
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -1022) - 53;
  const whole = BigInt(exponent < -1000 ? x * 2 ** 600 * 2 ** (-exponent - 600) : x * 2 ** -exponent);
  return shift(whole, exponent + s);
}

function shift(v, by) {
  return by >= 0 ? v << BigInt(by) : v >> BigInt(-by);
}

/** |y − v·2⁻ˢ| in ulp of float64. */
function exactError(y, { v, s }) {
  const size = v < 0n ? -v : v;
  const exponent = size.toString(2).length - 1 - s;
  if (exponent > 1023) return y === Infinity ? 0 : Infinity;
  const ulp = Math.max(exponent - 52, -1074);
  const difference = fixed(y, s) - v;
  return Number(shift(difference < 0n ? -difference : difference, 20 - ulp - s)) / 2 ** 20;
}

const one = 1n << BigInt(BITS);
const multiply = (a, b) => (a * b) >> BigInt(BITS);
const divide = (a, b) => (a << BigInt(BITS)) / b;

/** e^v by squaring e^(v/2⁸), whose Taylor series is short. v and the result have BITS bits behind the point. */
function expFixed(v) {
  const small = v >> 8n;
  let term = one;
  let sum = one;
  for (let i = 1n; term !== 0n; i++) {
    term = multiply(term, small) / i;
    sum += term;
  }
  for (let i = 0; i < 8; i++) sum = multiply(sum, sum);
  return sum;
}

/** ln v from an approximation by Halley's step, which triples its digits: l + 2(v − eˡ)/(v + eˡ). */
function logFixed(v, approximation) {
  const l = fixed(approximation, BITS);
  const e = expFixed(l);
  return l + 2n * divide(v - e, v + e);
}

const ln2 = logFixed(2n * one, Math.LN2);

/** e^x = 2ᵏ·e^(x − k·ln 2) */
function exp(x) {
  const k = Math.round(x / Math.LN2);
  return { v: expFixed(fixed(x, BITS) - BigInt(k) * ln2), s: BITS - k };
}

const exact = {
  exp,
  log: (x) => {
    const k = Math.round(Math.log2(x));
    const m = x * 2 ** -Math.trunc(k / 2) * 2 ** -(k - Math.trunc(k / 2));
    return { v: logFixed(fixed(m, BITS), Math.log(m)) + BigInt(k) * ln2, s: BITS };
  },
  tanh: (x) => {
    const e = expFixed(2n * fixed(Math.max(-40, Math.min(x, 40)), BITS));
    return { v: divide(e - one, e + one), s: BITS };
  },
  sigmoid: (x) => {
    if (x < -60) return exp(x);
    const e = expFixed(fixed(Math.min(x, 60), BITS));
    return { v: divide(e, one + e), s: BITS };
  },
  softplus: (x) => {
    if (x < -60) return exp(x);
    const v = logFixed(one + expFixed(fixed(-Math.abs(x), BITS)), softplus(-Math.abs(x)));
    return { v: v + fixed(Math.max(x, 0), BITS), s: BITS };
  },
};

for (const build of ["baseline", "relaxed"]) {
  const kernels = open(`${build}Unshared`);
  if (kernels === undefined) continue;
  for (const [name, [operation, reference]] of Object.entries(functions)) {
    report(build, name, "float32", worst32(kernels, operation, reference));
    report(build, name, "float64", worst64(kernels, operation, name));
  }
}
process.exitCode = failed ? 1 : 0;
