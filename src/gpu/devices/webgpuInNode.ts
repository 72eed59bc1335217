/** A name that bundlers for browsers do not follow: the package needs Node's modules. */
const PACKAGE = "webgpu";

/** Where WebGPU is found: the engine's own, or, in Node, the `webgpu` package's. @throws Error that says how to get it. */
export async function provideWebGpu(): Promise<GPU> {
  const own = (globalThis as { navigator?: Partial<Navigator> }).navigator?.gpu;
  if (own !== undefined) return own;
  if (typeof process === "undefined")
    throw new Error(
      "gpu: this browser has no WebGPU here; it needs a secure context (https or localhost) and a browser that has it, or choose mode webgl2",
    );
  let dawn: { create(flags: readonly string[]): GPU };
  try {
    dawn = (await import(/* @vite-ignore */ /* webpackIgnore: true */ PACKAGE)) as typeof dawn;
  } catch (error) {
    throw new Error(
      "gpu: Node needs the webgpu package for mode webgpu; add it with: npm install webgpu@^0.6.2 (and a Vulkan driver)",
      { cause: error },
    );
  }
  return (instance ??= dawn.create([]));
}

/** One instance for the process: Dawn's must outlive its devices. */
let instance: GPU | undefined;
