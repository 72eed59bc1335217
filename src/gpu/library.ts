/** The part of gpu.js that is used here, in types: its own lack the WebGPU kernel, asyncMode and inputs that are typed arrays. */

/** How gpu.js runs kernels. */
export type Mode = "cpu" | "webasm" | "webgl2" | "webgpu";

/** A flat array as an argument. */
export type Input = object;

export interface KernelSettings {
  readonly output: readonly number[];
  readonly argumentTypes: readonly string[];
  readonly dynamicOutput: boolean;
  readonly dynamicArguments: boolean;
  readonly precision: "single";
  /** Loops bounded by an argument stop here, silently. */
  readonly loopMaxIterations: number;
  readonly strictIntegers: boolean;
  readonly pipeline?: boolean;
  readonly tactic?: "precision";
  readonly fixIntegerDivisionAccuracy?: boolean;
}

export interface Kernel {
  (...args: readonly unknown[]): unknown;
  setOutput(output: readonly number[]): unknown;
  readonly kernel: { readonly constructor: { readonly mode: string } };
}

export interface Gpu {
  Kernel: unknown;
  createKernel(source: string, settings: KernelSettings): Kernel;
  destroy(): Promise<void> | void;
}

/** What gpu.js translates a kernel's body to, and where its parameters stand in the uniform buffer. */
export interface Translation {
  workgroupSize: number[];
  readonly compiledSource: string;
  readonly paramsLayout: {
    readonly byteLength: number;
    readonly arrayArgs: readonly { readonly index: number; readonly dimsOffset: number }[];
    readonly scalarArgs: readonly { readonly index: number; readonly offset: number; readonly type: string }[];
  };
  built: boolean;
  build(...args: readonly unknown[]): Promise<void>;
  assembleWGSL(): string;
}

/** What gpu.js compiles a kernel's body to for WebGL 2. */
export interface ShaderTranslation {
  readonly program: WebGLProgram | null;
  build(...args: readonly unknown[]): void;
}

export interface Library {
  readonly GPU: new (settings: {
    readonly mode: Mode;
    readonly canvas?: OffscreenCanvas;
    readonly context?: WebGL2RenderingContext;
  }) => Gpu;
  readonly WebGPUKernel: new (source: unknown, settings: unknown) => Translation;
  input(values: Float32Array, size: readonly number[]): Input;
}

/** gpu.js, loaded when it is first needed. @throws Error with one sentence where it is not installed. */
export async function loadLibrary(): Promise<Library> {
  let loaded: Partial<Library> & { readonly default?: Library };
  try {
    loaded = (await import("gpu.js")) as unknown as typeof loaded;
  } catch (error) {
    throw new Error("gpu: gpu.js is not installed; add it with: npm install gpu.js@^2.24.1 --ignore-scripts", {
      cause: error,
    });
  }
  const library = loaded.GPU === undefined ? loaded.default : (loaded as Library);
  if (library?.WebGPUKernel === undefined)
    throw new Error("gpu: this gpu.js has no WebGPU kernels; install gpu.js@^2.24.1");
  return library;
}
