import type { Draw, GramTerms, Operand, Shape } from "../../src/index.js";
import {
  choleskyFlops,
  gramFlops,
  invertSpdFlops,
  matmulFlops,
  solveTriangularFlops,
  symmetricEigenFlops,
} from "../counts.js";

/** The kinds of operations a backend has. */
export const kinds = ["products", "factorizations", "elementwise", "reductions", "movement"] as const;
export type Kind = (typeof kinds)[number];

/** What one call of a backend's operation does. */
export interface Work {
  readonly kind: Kind;
  /** Floating-point operations of products and factorizations; 0 for everything else, which memory bounds. */
  readonly flops: number;
  /** Elements that the others make, read or move. */
  readonly elements: number;
}

/** The work of an operation by its name and arguments, or undefined for a member of a backend that does none. */
export function workOf(operation: string, args: readonly unknown[]): Work | undefined {
  const [x] = args as Operand[];
  switch (operation) {
    case "matmul": {
      const [, , m, k, n] = args as [unknown, unknown, number, number, number];
      return products(matmulFlops(m, k, n));
    }
    case "gram": {
      const [rows, p] = x.shape;
      const { y = x } = args[1] as GramTerms<Operand>;
      return products(y === x ? gramFlops(rows, p) : matmulFlops(p, rows, y.shape[1]));
    }
    case "cholesky":
      return factorizations(choleskyFlops(x.shape[0]));
    case "invertSpd":
      return factorizations(invertSpdFlops(x.shape[0]));
    case "symmetricEigen":
      return factorizations(symmetricEigenFlops(x.shape[0]));
    case "solveTriangular": {
      const [n, columns] = (args[1] as Operand).shape;
      return factorizations(solveTriangularFlops(n, columns));
    }
    case "binary":
    case "where":
      return { kind: "elementwise", flops: 0, elements: sizeOf(args[3] as Shape) };
    case "unary":
      return { kind: "elementwise", flops: 0, elements: sizeOf(args[1] as Operand) };
    case "softmax":
      return { kind: "elementwise", flops: 0, elements: sizeOf(x) };
    case "crossEntropy":
    case "crossEntropyGradient":
      return { kind: "elementwise", flops: 0, elements: sizeOf(args[1] as Operand) };
    case "uniform":
      return { kind: "movement", flops: 0, elements: (args[0] as Draw).count };
    case "dot":
      return { kind: "reductions", flops: 0, elements: sizeOf(x) };
    case "reduce":
      return { kind: "reductions", flops: 0, elements: sizeOf(args[1] as Operand) };
    case "fill":
      return { kind: "movement", flops: 0, elements: sizeOf(args[0] as Shape) };
    case "broadcast":
      return { kind: "movement", flops: 0, elements: sizeOf(args[1] as Shape) };
    case "slice":
    case "concatenate":
      return { kind: "movement", flops: 0, elements: sizeOf(args[2] as Shape) };
    case "gather":
      return { kind: "movement", flops: 0, elements: sizeOf(x.shape.slice(1)) * (args[1] as number[]).length };
    case "upload":
      return { kind: "movement", flops: 0, elements: (args[0] as Float32Array).length };
    case "convert":
    case "permute":
    case "read":
    case "readNow":
      return { kind: "movement", flops: 0, elements: sizeOf(x) };
    case "ready":
    case "stop":
    case "free":
      return undefined;
    default:
      // An operation that backends have gained since: its seconds count, among those it is most likely to resemble.
      return { kind: "elementwise", flops: 0, elements: 0 };
  }
}

const products = (flops: number): Work => ({ kind: "products", flops, elements: 0 });
const factorizations = (flops: number): Work => ({ kind: "factorizations", flops, elements: 0 });

function sizeOf(x: Operand | Shape): number {
  const shape = "shape" in x ? x.shape : x;
  return shape.reduce((product, length) => product * length, 1);
}
