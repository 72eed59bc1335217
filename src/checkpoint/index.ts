/** Checkpoints: a training run at rest, as bytes. */
export { save } from "./save.js";
export { load, restore } from "./load.js";
export { type Checkpoint, type SavedOptimizer } from "./checkpoint.js";
