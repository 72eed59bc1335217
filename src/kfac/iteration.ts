import { Lifetime } from "../tensor/scope.js";
import type { StepEvent } from "./optimizer.js";
import { readScalars } from "./vectors.js";

/** One step in progress: its tensors, how often it waited, and what happened. */
export class Iteration implements Disposable {
  /** k = 1, 2, … */
  readonly k: number;
  readonly memory = new Lifetime();
  readonly events: StepEvent[] = [];
  waits = 0;

  constructor(k: number) {
    this.k = k;
  }

  note(kind: StepEvent["kind"], message: string): void {
    this.events.push({ kind, message });
  }

  /** Several scalars in one wait. */
  readonly read: typeof readScalars = (scalars) => {
    this.waits++;
    return readScalars(scalars);
  };

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }
}
