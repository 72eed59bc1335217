import { identity, relu, sigmoid, softplus, tanh } from "../autodiff/index.js";
import type { Activation } from "./layer.js";

const activations: Readonly<Record<string, Activation>> = { identity, relu, sigmoid, softplus, tanh };

/** What a checkpoint calls an activation: its name here, whatever a bundler makes of it; all others are "custom". */
export function nameOfActivation(activation: Activation): string {
  return Object.keys(activations).find((name) => activations[name] === activation) ?? "custom";
}
