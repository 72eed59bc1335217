import { gramFlops, invertSpdFlops, kroneckerFlops, matmulFlops } from "./counts.js";

/** A layer's weights W: [output, input + 1]; `input` here counts the 1. */
export interface LayerSize {
  readonly input: number;
  readonly output: number;
}

/** The layers of a network of these widths, the input first. */
export function layerSizes(widths: readonly number[]): LayerSize[] {
  return widths.slice(1).map((output, i) => ({ input: widths[i] + 1, output }));
}

/** How often and on how many cases K-FAC does what. */
export interface Schedule {
  /** m, τ₁m and τ₂m. */
  readonly batch: number;
  readonly statisticsFraction: number;
  readonly modelFraction: number;
  /** T₁: iterations between measurements of ρ. */
  readonly adaptLambdaEvery: number;
  /** T₂ = T₃: iterations between searches of γ, which are also when the inverse is due. */
  readonly period: number;
  /** Candidates of a search. */
  readonly gammas: number;
}

/** The schedule of docs/performance.md: batch 1000, τ₁ = 1/8, τ₂ = 1/4, T₁ = 5, T₂ = T₃ = 20, three candidates for γ. */
export const paperSchedule: Schedule = {
  batch: 1000,
  statisticsFraction: 1 / 8,
  modelFraction: 1 / 4,
  adaptLambdaEvery: 5,
  period: 20,
  gammas: 3,
};

/** W·ā for every case and layer. */
export function forwardFlops(layers: readonly LayerSize[], cases: number): number {
  return sum(layers, ({ input, output }) => matmulFlops(cases, input, output));
}

/** Wᵀg for every case and layer but the first, whose input gradient nobody needs. */
export function inputGradientFlops(layers: readonly LayerSize[], cases: number): number {
  return forwardFlops(layers.slice(1), cases);
}

/** g āᵀ and Wᵀg. */
export function backwardFlops(layers: readonly LayerSize[], cases: number): number {
  return forwardFlops(layers, cases) + inputGradientFlops(layers, cases);
}

/** Jv along one direction v: V·ā everywhere, W·ȧ everywhere but in the first layer, whose input does not move. */
export function pushforwardFlops(layers: readonly LayerSize[], cases: number): number {
  return forwardFlops(layers, cases) + inputGradientFlops(layers, cases);
}

/** A⁻¹ and G⁻¹ of every layer. */
export function blockDiagonalPreparation(layers: readonly LayerSize[]): number {
  return sum(layers, ({ input, output }) => invertSpdFlops(input) + invertSpdFlops(output));
}

/** G⁻¹ V A⁻¹ of every layer. */
export function blockDiagonalApplication(layers: readonly LayerSize[]): number {
  return sum(layers, ({ input, output }) => kroneckerFlops(output, input));
}

/** Into the eigenbasis of every layer and back. */
export function exactTikhonovApplication(layers: readonly LayerSize[]): number {
  return 2 * blockDiagonalApplication(layers);
}

/** Ξ and Ξᵀ move V between neighbours through Ψ; Λ goes into a joint eigenbasis and back, but for the last layer (§4.3). */
export function blockTridiagonalApplication(layers: readonly LayerSize[]): number {
  const along = sum(layers.slice(0, -1), ({ input, output }, i) => {
    const next = layers[i + 1];
    return matmulFlops(output, next.output, next.input) + matmulFlops(output, next.input, input);
  });
  const against = sum(layers.slice(0, -1), ({ input, output }, i) => {
    const next = layers[i + 1];
    return matmulFlops(next.output, output, input) + matmulFlops(next.output, input, next.input);
  });
  const Lambda = 2 * blockDiagonalApplication(layers.slice(0, -1)) + blockDiagonalApplication(layers.slice(-1));
  return along + against + Lambda;
}

/** What SGD and Adam multiply in one iteration. */
export function firstOrderFlops(layers: readonly LayerSize[], cases: number): number {
  return forwardFlops(layers, cases) + backwardFlops(layers, cases);
}

/** The products of an average K-FAC iteration, by what they are for; where an inverse's preparation is not counted, NaN. */
export interface KfacFlops {
  readonly forward: number;
  readonly backward: number;
  readonly sampledBackward: number;
  readonly statistics: number;
  readonly fisherProducts: number;
  readonly preparation: number;
  readonly application: number;
  readonly rho: number;
}

/** What one preparation and one application of an inverse cost. */
export interface InverseFlops {
  readonly preparation: number;
  readonly application: number;
}

/**
 * An average iteration of a cycle that repeats nothing: Jδ₀ is taken once however many candidates for γ there are, JΔ and the
 * inverse once for each.
 */
export function kfacFlops(
  layers: readonly LayerSize[],
  schedule: Schedule = paperSchedule,
  inverse: InverseFlops = {
    preparation: blockDiagonalPreparation(layers),
    application: blockDiagonalApplication(layers),
  },
): KfacFlops {
  const { batch, statisticsFraction, modelFraction, adaptLambdaEvery, period, gammas } = schedule;
  const statisticsCases = Math.floor(statisticsFraction * batch);
  const modelCases = Math.floor(modelFraction * batch);
  const proposals = 1 + (gammas - 1) / period;
  return {
    forward: forwardFlops(layers, batch),
    backward: backwardFlops(layers, batch),
    sampledBackward: inputGradientFlops(layers, statisticsCases),
    statistics: sum(
      layers,
      ({ input, output }) => gramFlops(statisticsCases, input) + gramFlops(statisticsCases, output),
    ),
    fisherProducts: (1 + proposals) * pushforwardFlops(layers, modelCases),
    preparation: (gammas / period) * inverse.preparation,
    application: proposals * inverse.application,
    rho: forwardFlops(layers, batch) / adaptLambdaEvery,
  };
}

/** All of a K-FAC iteration. */
export function totalFlops(flops: KfacFlops): number {
  return sum(Object.values(flops) as number[], (x) => x);
}

function sum<T>(items: readonly T[], of: (item: T, index: number) => number): number {
  return items.reduce((total, item, index) => total + of(item, index), 0);
}
