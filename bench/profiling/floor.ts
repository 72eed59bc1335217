import {
  blockDiagonalApplication,
  blockDiagonalPreparation,
  blockTridiagonalApplication,
  exactTikhonovApplication,
  forwardFlops,
  backwardFlops,
  kfacFlops,
  paperSchedule,
  type InverseFlops,
  type LayerSize,
} from "../iteration-counts.js";
import { symmetricEigenFlops } from "../counts.js";
import type { InverseName, OptimizerName } from "./options.js";
import type { Stage } from "./recorder.js";

/** Floating-point operations that an average iteration cannot do without, by stage; a stage that is not counted is missing. */
export type Floor = Readonly<Partial<Record<Stage, number>>>;

export function floorOf(
  optimizer: OptimizerName,
  inverse: InverseName,
  layers: readonly LayerSize[],
  batch = paperSchedule.batch,
): Floor {
  if (optimizer !== "kfac") return { forward: forwardFlops(layers, batch), backward: backwardFlops(layers, batch) };
  // Exact Tikhonov damping has no γ to search.
  const gammas = inverse === "exact-tikhonov" ? 1 : paperSchedule.gammas;
  const flops = kfacFlops(layers, { ...paperSchedule, batch, gammas }, inverseFlops[inverse](layers));
  return Object.fromEntries(
    Object.entries({
      forward: flops.forward,
      backward: flops.backward,
      "sampled backward": flops.sampledBackward,
      statistics: flops.statistics,
      "exact-Fisher products": flops.fisherProducts,
      "inverse preparation": flops.preparation,
      "inverse application": flops.application,
      "ρ forward": flops.rho,
    } satisfies Floor).filter(([, count]) => Number.isFinite(count)),
  );
}

/** Preparing the block-tridiagonal inverse takes joint eigendecompositions in float64, which no flop count does justice. */
const inverseFlops: Readonly<Record<InverseName, (layers: readonly LayerSize[]) => InverseFlops>> = {
  "block-diagonal": (layers) => ({
    preparation: blockDiagonalPreparation(layers),
    application: blockDiagonalApplication(layers),
  }),
  "block-tridiagonal": (layers) => ({ preparation: NaN, application: blockTridiagonalApplication(layers) }),
  "exact-tikhonov": (layers) => ({
    preparation: layers.reduce(
      (total, { input, output }) => total + symmetricEigenFlops(input) + symmetricEigenFlops(output),
      0,
    ),
    application: exactTikhonovApplication(layers),
  }),
};
