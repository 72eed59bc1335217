import type { ElementwiseFunction } from "./operations/functions.js";
import type { Parameter } from "./program.js";

/**
 * An elementwise function of functions of arrays and numbers, as a kernel knows it: which arrays and numbers is said by its arguments, and
 * its name says all else.
 */
export type Expression =
  | { readonly kind: "number"; readonly name: string }
  /** An array element after element. */
  | { readonly kind: "line"; readonly name: string }
  /** An array by an offset and strides, the outermost first. */
  | { readonly kind: "walk"; readonly name: string }
  | {
      readonly kind: "function";
      readonly name: string;
      readonly compute: ElementwiseFunction;
      readonly operands: readonly Expression[];
    };

/** What a kernel's body needs to compute an expression. */
export interface ExpressionSource {
  /** In the order of the expression's arguments; the last is 0. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly statements: string;
  /** The variable that the statements leave the value in. */
  readonly value: string;
}

/**
 * JavaScript that computes an expression at a position: its coordinates are whole numbers, the outermost first. The prefix keeps the
 * variables of several expressions apart. What surrounds it must use none of the functions' variables: gpu.js's WebAssembly has one for
 * all blocks.
 */
export function sourceOf(expression: Expression, coordinates: readonly string[], prefix = "v"): ExpressionSource {
  const parameters: Record<string, Parameter> = {};
  const statements: string[] = [];
  let variables = 0;
  // It is 0, which compilers do not know. What they do know they simplify: √x·√x to |x|, p·q + p·q to p·(q + q).
  const zero = `${prefix}zero`;
  const visit = (part: Expression): string => {
    const operands = part.kind === "function" ? part.operands.map(visit) : [];
    const value = `${prefix}${variables++}`;
    switch (part.kind) {
      case "number":
        parameters[value] = "number";
        break;
      case "line":
        parameters[`of${value}`] = "array";
        statements.push(`const ${value} = of${value}[${coordinates[0]}];`);
        break;
      case "walk": {
        parameters[`of${value}`] = "array";
        parameters[`offset${value}`] = "integer";
        coordinates.forEach((_, axis) => (parameters[`stride${axis}${value}`] = "integer"));
        const steps = coordinates.map((coordinate, axis) => ` + ${coordinate} * stride${axis}${value}`);
        statements.push(`const ${value} = of${value}[offset${value}${steps.join("")}];`);
        break;
      }
      case "function": {
        const { compute } = part;
        const named = compute.operands.map((name, i) => {
          const isFunction = part.operands[i].kind === "function";
          return `const ${name} = ${operands[i]}${isFunction ? ` - ${zero}` : ""};`;
        });
        // JavaScript alone computes in float64: there each function's value is rounded as if it had been stored.
        statements.push(`
    let ${value} = 0.5;
    { ${named.join(" ")} let y = 0.5; y = 0; ${compute.body} ${value} = Math.fround(y); }`);
      }
    }
    return value;
  };
  const value = visit(expression);
  parameters[zero] = "number";
  return { parameters, statements: statements.join(" "), value };
}
