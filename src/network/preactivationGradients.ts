import { detach, sum, Variable, vjp } from "../autodiff/index.js";
import { reverse } from "../autodiff/sweep.js";
import { ones, zeros } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Loss } from "./loss.js";
import { outputOf, type Trace } from "./model.js";

/** Σ L over cases, and Dz = dL/dz of every case (not divided by their number): [m, k]. */
export function lossAndGradient(loss: Loss, z: Tensor, targets: Tensor): { total: Tensor; Dz: Tensor } {
  return scope(() => {
    const { value, pullback } = vjp((z) => sum(loss.value(z, targets)), detach(z));
    return { total: value, Dz: pullback(ones([], value))[0] };
  });
}

/** Dz alone. */
export function outputGradient(loss: Loss, z: Tensor, targets: Tensor): Tensor {
  return scope(() => lossAndGradient(loss, z, targets).Dz);
}

/**
 * gᵢ = Dsᵢ of every case and layer (§2), not divided by the number of cases: one [m, dᵢ] a layer.
 * @throws TypeError unless the traces come from `net.forward`, or from `apply` with variables for weights.
 */
export function preactivationGradients(loss: Loss, traces: readonly Trace[], targets: Tensor): Tensor[] {
  return backpropagate(traces, [outputGradient(loss, outputOf(traces), targets)])[0];
}

/** Each cotangent of z [m, k] taken back to every sᵢ. */
export function backpropagate(traces: readonly Trace[], cotangents: readonly Tensor[]): Tensor[][] {
  const z = outputOf(traces);
  const s = traces.map((trace) => trace.s);
  if (!(z instanceof Variable) || !s.every((si) => si instanceof Variable))
    throw new TypeError(
      "preactivationGradients: traces hold constants; take them from net.forward(x), or apply variables",
    );
  return cotangents.map((g) => reverse([[z, g]], s).map((gi, i) => gi ?? zeros(s[i].shape, s[i])));
}
