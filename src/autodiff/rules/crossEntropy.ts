import type { Link } from "../../tensor/backend.js";
import * as tensor from "../../tensor/operations.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply, type Rule } from "../variable.js";
import { reshape, sum } from "./broadcast.js";
import { mul, negative, sigmoid, sub } from "./elementwise.js";
import { softmax } from "./reduction.js";

/**
 * L of every row of logits z and targets t, [m, k] → [m]: Σ_c log(1 + e^z_c) − t_c z_c for the link "sigmoid",
 * log Σ_c e^z_c − Σ_c t_c z_c for "softmax". With p = σ(z) or softmax(z), ∂L/∂z = p − t and ∂L/∂t = −z.
 */
export function crossEntropy(link: Link, z: Tensor, t: Tensor): Tensor {
  return apply(losses[link], z, t);
}

/** g_r (p − t) of every row r, g [m]: the gradient of gᵀL by z; [m, k]. */
export function crossEntropyGradient(link: Link, z: Tensor, t: Tensor, g: Tensor): Tensor {
  return apply(gradients[link], z, t, g);
}

/** p of each link, and J v: the Jacobian of p, symmetric in every row, times v [m, k]. */
const links = {
  sigmoid: { mean: sigmoid, jacobian: (p: Tensor, v: Tensor) => mul(mul(p, sub(1, p)), v) },
  softmax: {
    mean: (z: Tensor) => softmax(z),
    jacobian: (p: Tensor, v: Tensor) => mul(p, sub(v, sum(mul(p, v), 1, { keepAxes: true }))),
  },
};

const losses: Record<Link, Rule> = { sigmoid: lossRule("sigmoid"), softmax: lossRule("softmax") };
const gradients: Record<Link, Rule> = { sigmoid: gradientRule("sigmoid"), softmax: gradientRule("softmax") };

function lossRule(link: Link): Rule {
  const { mean } = links[link];
  return {
    name: `${link}CrossEntropy`,
    value: (z: Tensor, t: Tensor) => tensor.crossEntropy(link, z, t),
    vjp: [
      (g, y, z: Tensor, t: Tensor) => crossEntropyGradient(link, z, t, g),
      (g, y, z: Tensor) => negative(mul(column(g), z)),
    ],
    jvp: [
      (v, y, z: Tensor, t: Tensor) => sum(mul(sub(mean(z), t), v), 1),
      (v, y, z: Tensor) => negative(sum(mul(z, v), 1)),
    ],
    cases: [true, true],
  };
}

function gradientRule(link: Link): Rule {
  const { mean, jacobian } = links[link];
  /** g_r J v, in both directions. */
  const byLogits = (v: Tensor, y: Tensor, z: Tensor, t: Tensor, g: Tensor) => mul(column(g), jacobian(mean(z), v));
  const byTargets = (v: Tensor, y: Tensor, z: Tensor, t: Tensor, g: Tensor) => negative(mul(column(g), v));
  return {
    name: `${link}CrossEntropyGradient`,
    value: (z: Tensor, t: Tensor, g: Tensor) => tensor.crossEntropyGradient(link, z, t, g),
    vjp: [byLogits, byTargets, (h, y, z: Tensor, t: Tensor) => sum(mul(sub(mean(z), t), h), 1)],
    jvp: [byLogits, byTargets, (v, y, z: Tensor, t: Tensor) => crossEntropyGradient(link, z, t, v)],
    cases: [true, true, true],
  };
}

/** [m] → [m, 1] */
function column(g: Tensor): Tensor {
  return reshape(g, [g.shape[0], 1]);
}
