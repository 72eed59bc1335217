import type { Transposes } from "../../tensor/backend.js";
import type { Launcher } from "../launcher.js";
import type { Program } from "../program.js";
import type { Resident } from "../resident.js";
import { productTile } from "./productTile.js";

/** Row y of op(A) times column x of op(B); A is [m, k] or [k, m], B is [k, n] or [n, k]. */
function productProgram(transposeA: boolean, transposeB: boolean): Program {
  const a = transposeA ? "a[i * m + this.thread.y]" : "a[this.thread.y * k + i]";
  const b = transposeB ? "b[this.thread.x * k + i]" : "b[i * n + this.thread.x]";
  return {
    name: `matmul-${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`,
    rank: 2,
    parameters: { a: "array", b: "array", m: "integer", k: "integer", n: "integer" },
    body: `let y = 0.5; y = 0; for (let i = 0; i < k; i++) { y = y + ${a} * ${b}; } return y;`,
    tile: productTile({
      m: "params.user_m",
      k: "params.user_k",
      n: "params.user_n",
      a: (row, i) =>
        transposeA ? `user_a[${i} * u32(params.user_m) + ${row}]` : `user_a[${row} * u32(params.user_k) + ${i}]`,
      b: (i, column) =>
        transposeB ? `user_b[${column} * u32(params.user_k) + ${i}]` : `user_b[${i} * u32(params.user_n) + ${column}]`,
      alongA: !transposeA,
      alongB: transposeB,
    }),
  };
}

const programs = [false, true].map((transposeA) =>
  [false, true].map((transposeB) => productProgram(transposeA, transposeB)),
);

export function matmul(
  run: Launcher,
  a: Resident,
  b: Resident,
  m: number,
  k: number,
  n: number,
  { transposeA = false, transposeB = false }: Transposes,
): Resident {
  if (k === 0) return run.fill([m, n], 0);
  return run.launch(programs[Number(transposeA)][Number(transposeB)], [a, b, m, k, n], [n, m]);
}

/** weight·XᵀY, and β·C with it; of a symmetric C the lower triangle. */
function gramProgram(epilogue: "alone" | "whole" | "symmetric"): Program {
  const position = {
    alone: "",
    whole: "const at = this.thread.y * q + this.thread.x;",
    symmetric: `
      let at = this.thread.y * q + this.thread.x;
      if (this.thread.x > this.thread.y) { at = this.thread.x * q + this.thread.y; }`,
  }[epilogue];
  const tiled = {
    alone: "params.user_weight * value",
    whole: "params.user_weight * value + params.user_beta * user_c[row * u32(params.user_q) + column]",
    symmetric:
      "params.user_weight * value + params.user_beta * user_c[max(row, column) * u32(params.user_q) + min(row, column)]",
  }[epilogue];
  return {
    name: `gram-${epilogue}`,
    rank: 2,
    parameters: {
      x: "array",
      y: "array",
      ...(epilogue !== "alone" && { c: "array" }),
      rows: "integer",
      p: "integer",
      q: "integer",
      weight: "number",
      ...(epilogue !== "alone" && { beta: "number" }),
    },
    body: `
      let s = 0.5;
      s = 0;
      for (let i = 0; i < rows; i++) { s = s + x[i * p + this.thread.y] * y[i * q + this.thread.x]; }
      ${position}
      return weight * s${epilogue === "alone" ? "" : " + beta * c[at]"};`,
    tile: productTile({
      m: "params.user_p",
      k: "params.user_rows",
      n: "params.user_q",
      a: (row, i) => `user_x[${i} * u32(params.user_p) + ${row}]`,
      b: (i, column) => `user_y[${i} * u32(params.user_q) + ${column}]`,
      alongA: false,
      alongB: false,
      epilogue: tiled,
    }),
  };
}

const alone = gramProgram("alone");
const whole = gramProgram("whole");
const symmetric = gramProgram("symmetric");

/** β·C + w·XᵀY: x [rows, p], y [rows, q] (x where it is missing), c [p, q]. */
export function gram(
  run: Launcher,
  x: Resident,
  y: Resident | undefined,
  c: Resident | undefined,
  { rows, p, q, weight, beta }: { rows: number; p: number; q: number; weight: number; beta: number },
): Resident {
  const sizes = [rows, p, q, weight];
  if (c === undefined || beta === 0)
    return rows === 0 ? run.fill([p, q], 0) : run.launch(alone, [x, y ?? x, ...sizes], [q, p]);
  return run.launch(y === undefined ? symmetric : whole, [x, y ?? x, c, ...sizes, beta], [q, p]);
}
