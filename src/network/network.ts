import { variable } from "../autodiff/index.js";
import type { Backend } from "../tensor/backend.js";
import { checkDtype, tensor } from "../tensor/create.js";
import { defaultBackend } from "../tensor/defaultBackend.js";
import type { DType } from "../tensor/dtype.js";
import { stream } from "../tensor/random.js";
import { disposeAll, keep, scope } from "../tensor/scope.js";
import { format, sameShape } from "../tensor/shape.js";
import { share, type Tensor } from "../tensor/tensor.js";
import { checkOptionNames } from "./checkOption.js";
import type { Initialize } from "./initialize.js";
import type { Layer } from "./layer.js";
import type { Loss } from "./loss.js";
import { outputOf, type Model, type Trace } from "./model.js";

export interface NetworkOptions {
  /** Fixes the initial weights; 0 by default. */
  readonly seed?: number;
  /** "float32" by default; the network computes in it throughout. */
  readonly dtype?: DType;
  readonly backend?: Backend;
  /** Draws every layer's weights, instead of the layer's own initialisation. */
  readonly initialize?: Initialize;
}

/** A feed-forward network (§2): layers in a row, each with its weight matrix. */
export class Network implements Model, Disposable {
  readonly layers: readonly Layer[];
  readonly dtype: DType;
  readonly backend: Backend;
  #weights: readonly Tensor[];

  /** @internal Use `network`. */
  constructor(layers: readonly Layer[], options: NetworkOptions) {
    if (layers.length === 0) throw new RangeError("network: needs at least one layer");
    checkOptionNames("network", options, ["seed", "dtype", "backend", "initialize"]);
    layers.slice(1).forEach((layer, i) => {
      const before = layers[i].weightShape[0];
      if (layer.weightShape[1] !== before + 1)
        throw new RangeError(
          `network: layer ${i + 1} takes ${layer.weightShape[1] - 1} inputs, but layer ${i} has ${before} outputs`,
        );
    });
    this.layers = layers;
    this.dtype = options.dtype ?? "float32";
    this.backend = options.backend ?? defaultBackend();
    checkDtype("network", this.dtype, this.backend);
    const random = stream(options.seed ?? 0).split("weights");
    this.#weights = keep(
      scope(() =>
        layers.map((layer, i) => {
          const start = random.split(i);
          const values = options.initialize?.(layer.weightShape, start) ?? layer.initialize(start);
          return tensor(values, { shape: layer.weightShape, dtype: this.dtype, backend: this.backend });
        }),
      ),
    );
  }

  /** Fresh handles on Wᵢ, [dᵢ, dᵢ₋₁ + 1], the last column the bias. */
  get weights(): Tensor[] {
    return this.#weights.map(share);
  }

  /** What the layers' activations are called, "custom" where that is not known. */
  get activations(): string[] {
    return this.layers.map(({ activation = "custom" }) => activation);
  }

  /** Replaces all weights. @throws RangeError where a shape differs, TypeError where dtype or backend does; then nothing changes. */
  setWeights(weights: readonly Tensor[]): void {
    if (weights.length !== this.#weights.length)
      throw new RangeError(`setWeights: ${weights.length} matrices were given for ${this.#weights.length} layers`);
    weights.forEach((W, i) => {
      const { shape } = this.#weights[i];
      if (!sameShape(W.shape, shape))
        throw new RangeError(`setWeights: matrix ${i} is ${format(W.shape)}, but layer ${i} needs ${format(shape)}`);
      if (W.dtype !== this.dtype || W.backend !== this.backend)
        throw new TypeError(
          `setWeights: matrix ${i} is ${W.dtype} on ${W.backend.name}, the network ${this.dtype} on ${this.backend.name}; convert it with to()`,
        );
    });
    const old = this.#weights;
    this.#weights = keep(weights.map(share));
    disposeAll(old);
  }

  /** The traces of all layers for inputs x [m, d₀], under any weights: pure, and differentiable in both. */
  apply(weights: readonly Tensor[], x: Tensor): Trace[] {
    const traces: Trace[] = [];
    let a = x;
    this.layers.forEach((layer, i) => {
      const trace = layer.forward(weights[i], a);
      traces.push(trace);
      a = trace.a;
    });
    return traces;
  }

  /** apply at the network's own weights, as variables: gradients with respect to any sᵢ can be taken from the traces. */
  forward(x: Tensor): Trace[] {
    return this.apply(this.#weights.map(variable), x);
  }

  /** z for inputs x [m, d₀], or the mean of P(y|z) under a loss: probabilities for the cross-entropies. */
  predict(x: Tensor, loss?: Loss): Tensor {
    return scope(() => {
      const z = outputOf(this.apply(this.#weights, x));
      return loss === undefined ? z : loss.predict(z);
    });
  }

  dispose(): void {
    disposeAll(this.#weights);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A feed-forward network of the given layers. @throws RangeError where neighbouring layers do not fit. */
export function network(layers: readonly Layer[], options: NetworkOptions = {}): Network {
  return new Network(layers, options);
}
