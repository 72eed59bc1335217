import type { Data } from "../network/batches.js";

/** Something that happened in a step and that an ordinary step does not have. */
export interface StepEvent {
  readonly kind:
    | "calibrated"
    | "inverse-refreshed"
    | "gamma-searched"
    | "damping-raised"
    | "statistics-skipped"
    | "momentum-dropped"
    | "step-constrained"
    | "step-rejected"
    | "step-undone"
    | "stationary";
  readonly message: string;
}

/** What one step did. Optimizers without damping leave its fields out. */
export interface StepReport {
  readonly iteration: number;
  /** The mean loss of the batch before the step. */
  readonly loss: number;
  /** h = loss + η/2 ‖θ‖². */
  readonly objective: number;
  readonly alpha?: number;
  readonly mu?: number;
  /** The damping that this step used, before any adaptation. */
  readonly lambda?: number;
  readonly gamma?: number;
  /** Actual over predicted decrease, where it was measured. */
  readonly rho?: number;
  /** How often the step waited for numbers. */
  readonly waits: number;
  readonly events: readonly StepEvent[];
}

/** Anything that trains a model a batch at a time. */
export interface Optimizer extends Disposable {
  step(batch: Data): Promise<StepReport>;
}
