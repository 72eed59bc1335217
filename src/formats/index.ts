/** Files of tensors that other tools read and write. */
export { FormatError } from "./formatError.js";
export { type HostTensor } from "./hostTensor.js";
export { decodeSafetensors, encodeSafetensors, type NamedTensors } from "./namedTensors.js";
export { decodeNpy, encodeNpy } from "./npy.js";
export { decodeNpz, encodeNpz } from "./npz.js";
