import { loadLibrary, type Mode } from "../library.js";
import type { Device } from "./device.js";
import { HostDevice } from "./host.js";
import { openWebGl2 } from "./texture.js";
import { openWebGpu } from "./webgpu.js";

export type GpuMode = Mode | "auto";

/** A device in the mode that was asked for. @throws Error that says what is missing and how to get it. */
export async function open(mode: GpuMode): Promise<Device> {
  const library = await loadLibrary();
  switch (mode) {
    case "cpu":
    case "webasm":
      return new HostDevice(library, mode);
    case "webgl2":
      return openWebGl2(library);
    case "webgpu":
      return openWebGpu(library);
    case "auto":
      return openWebGpu(library)
        .catch(() => openWebGl2(library))
        .catch(() => new HostDevice(library, "webasm"));
    default:
      throw new RangeError(
        `gpu: mode is ${JSON.stringify(mode)}, not one of "webgpu", "webgl2", "webasm", "cpu" and "auto"`,
      );
  }
}
