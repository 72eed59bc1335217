/** Checkpoints as files, for Node. */
export { loadFile, saveFile } from "./files.js";
