import type { Backend, GramTerms, Operand, Storage, Triangle } from "../backend.js";
import { zeros, type FloatArray } from "../dtype.js";
import { cholesky, gram, invertSpd, matmul, solveTriangular, symmetricEigen } from "../linalg/index.js";
import { size, type Shape } from "../shape.js";
import { binaryFunctions, choose, map, unaryFunctions, zip } from "./elementwise.js";
import { box, concatenate, gather, strided } from "./movement.js";
import { dot, reductions } from "./reduction.js";

/** The elements of an operand: a window onto its typed array. */
function elements(x: Operand): FloatArray {
  return (x.storage as FloatArray).subarray(x.offset, x.offset + size(x.shape));
}

function elementsOrNumber(x: Operand | number): FloatArray | number {
  return typeof x === "number" ? x : elements(x);
}

function shapeOf(x: Operand | number): Shape {
  return typeof x === "number" ? [] : x.shape;
}

/** Plain TypeScript: the legible reference that every other backend is tested against. Storage is a typed array. */
const backend: Backend = {
  name: "cpu",
  dtypes: ["float32", "float64"],
  views: true,

  ready: () => Promise.resolve(backend),
  upload: (values) => values.slice(),
  read: (x) => Promise.resolve(elements(x).slice()),
  readNow: (x) => elements(x).slice(),
  convert: (x, dtype) => (dtype === "float32" ? new Float32Array(elements(x)) : new Float64Array(elements(x))),
  free: () => undefined,

  fill: (shape, dtype, value) => zeros(dtype, size(shape)).fill(value),
  unary: (operation, x) => map(elements(x), unaryFunctions[operation]),
  binary: (operation, a, b, shape, dtype) =>
    zip(elementsOrNumber(a), shapeOf(a), elementsOrNumber(b), shapeOf(b), shape, dtype, binaryFunctions[operation]),
  where: (condition, a, b, shape, dtype) =>
    choose(
      elements(condition),
      condition.shape,
      elementsOrNumber(a),
      shapeOf(a),
      elementsOrNumber(b),
      shapeOf(b),
      shape,
      dtype,
    ),
  reduce: (operation, x, outer, length, inner) => reductions[operation](elements(x), outer, length, inner),
  dot: (a, b) => dot(elements(a), elements(b)),

  broadcast: (x, shape) => strided(elements(x), x.shape, shape),
  permute: (x, axes) =>
    strided(
      elements(x),
      x.shape,
      axes.map((axis) => x.shape[axis]),
      axes,
    ),
  slice: (x, starts, shape) => box(elements(x), x.shape, starts, shape),
  concatenate: (xs, axis, shape) =>
    concatenate(
      xs.map((x) => elements(x)),
      xs.map((x) => x.shape[axis]),
      axis,
      shape,
      xs[0].dtype,
    ),
  gather: (x, indices) => gather(elements(x), size(x.shape.slice(1)), indices),

  matmul: (a, b, m, k, n, transposes) => matmul(elements(a), elements(b), m, k, n, transposes),
  gram: (x, terms) => cpuGram(x, terms),
  cholesky: (a) => cholesky(elements(a), a.shape[0]),
  solveTriangular: (l, b, triangle: Triangle) =>
    solveTriangular(elements(l), elements(b), l.shape[0], b.shape[1], triangle),
  invertSpd: (a) => invertSpd(elements(a), a.shape[0]),
  symmetricEigen: (a) => symmetricEigen(elements(a), a.shape[0]),
};

function cpuGram(x: Operand, { y, weight = 1, beta = 0, c }: GramTerms<Operand>): Storage {
  return gram(elements(x), x.shape[0], x.shape[1], {
    weight,
    beta,
    ...(y !== undefined && y !== x && { y: elements(y), columnsY: y.shape[1] }),
    ...(c !== undefined && { c: elements(c) }),
  });
}

/** The backend that runs everywhere and hides nothing. */
export function cpu(): Backend {
  return backend;
}
