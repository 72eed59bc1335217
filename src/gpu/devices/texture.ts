import type { Gpu, Library, ShaderTranslation } from "../library.js";
import { settings, sourceOf, typesOf, type Program } from "../program.js";
import type { Device, Elements } from "./device.js";
import { TexturePool, type FloatTexture } from "./texturePool.js";

/** A linked kernel and where its parameters are. */
interface Shader {
  readonly program: WebGLProgram;
  /** The quad that a launch draws. */
  readonly quad: WebGLVertexArrayObject;
  readonly parameters: readonly Uniforms[];
  readonly outputSizes: WebGLUniformLocation | null;
  readonly outputTexture: WebGLUniformLocation | null;
}

/** A parameter's uniforms; an array has its texture, the texture's size and the array's sizes. What a kernel does not use is null. */
interface Uniforms {
  readonly type: string;
  readonly value: WebGLUniformLocation | null;
  readonly size: WebGLUniformLocation | null;
  readonly sizes: WebGLUniformLocation | null;
}

/** @throws Error where there is no WebGL 2, or none that computes in float32. */
export function openWebGl2(library: Library): Device {
  const canvas = typeof OffscreenCanvas === "undefined" ? undefined : new OffscreenCanvas(1, 1);
  const gl = canvas?.getContext("webgl2", { antialias: false, depth: false, powerPreference: "high-performance" });
  if (canvas === undefined || !gl)
    throw new Error("gpu: there is no WebGL 2 here; it needs a browser that has it, or choose mode webasm");
  if (gl.getExtension("EXT_color_buffer_float") === null)
    throw new Error("gpu: the WebGL 2 here cannot write float32; choose mode webasm");
  return new TextureDevice(library, canvas, gl);
}

/**
 * gpu.js translates and compiles the kernels; a launch draws a quad over a texture that has a texel for every element of the output.
 * Results stay on the card. gpu.js's own launches would bind each kernel to the rank of its operands, limit an axis of an array to that
 * of a texture and resize the canvas every time.
 */
class TextureDevice implements Device {
  readonly mode = "webgl2";
  readonly adapter: string;
  readonly pending = false;
  launches = 0;
  readonly #gl: WebGL2RenderingContext;
  readonly #gpu: Gpu;
  readonly #pool: TexturePool;
  readonly #shaders = new Map<string, Shader>();
  /** Whether the driver gives back one float a texel; four it always can. */
  #readsOne: boolean | undefined;

  constructor(library: Library, canvas: OffscreenCanvas, gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#gpu = new library.GPU({ mode: "webgl2", canvas, context: gl });
    this.#pool = new TexturePool(gl);
    const unmasked = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL;
    this.adapter = String(gl.getParameter(unmasked ?? gl.RENDERER));
  }

  get live(): number {
    return this.#pool.live;
  }

  upload(values: Float32Array): Elements {
    const gl = this.#gl;
    const array = this.#pool.allocate(values.length, "an upload");
    const { texture, width, height } = array;
    const texels = new Float32Array(width * height);
    texels.set(values);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RED, gl.FLOAT, texels);
    return array;
  }

  launch(program: Program, args: readonly (Elements | number)[], output: readonly number[]): Elements {
    this.launches++;
    const gl = this.#gl;
    const shader = this.#shader(program);
    const [x, y = 1, z = 1] = output;
    const result = this.#pool.allocate(x * y * z, program.name);
    gl.useProgram(shader.program);
    gl.bindVertexArray(shader.quad);
    gl.uniform3i(shader.outputSizes, x, y, z);
    gl.uniform2i(shader.outputTexture, result.width, result.height);
    let unit = 0;
    for (let i = 0; i < args.length; i++) {
      const { type, value, size, sizes } = shader.parameters[i];
      const argument = args[i];
      if (typeof argument === "number") {
        if (type === "Integer") gl.uniform1i(value, argument);
        else gl.uniform1f(value, argument);
        continue;
      }
      const { texture, width, height, length } = argument as FloatTexture;
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.uniform1i(value, unit++);
      gl.uniform2i(size, width, height);
      gl.uniform3i(sizes, length, 1, 1);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, result.framebuffer);
    gl.viewport(0, 0, result.width, result.height);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    return result;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what readNow throws is a rejection
  async read(elements: Elements, length: number): Promise<Float32Array> {
    return this.readNow(elements, length);
  }

  /** @throws Error for what went wrong since the last read. */
  readNow(elements: Elements, length: number): Float32Array {
    const gl = this.#gl;
    const { framebuffer, width, height } = elements as FloatTexture;
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    this.#readsOne ??=
      gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RED &&
      gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_TYPE) === gl.FLOAT;
    const [format, floats] = this.#readsOne ? [gl.RED, 1] : [gl.RGBA, 4];
    const texels = new Float32Array(width * height * floats);
    gl.readPixels(0, 0, width, height, format, gl.FLOAT, texels);
    this.#check();
    return floats === 1 ? texels.subarray(0, length) : Float32Array.from({ length }, (_, i) => texels[floats * i]);
  }

  onHost(x: Elements, _lengths: readonly number[], compute: (x: Float32Array) => Float32Array[]): Elements[] {
    return compute(this.readNow(x, (x as FloatTexture).length)).map((values) => this.upload(values));
  }

  free(elements: Elements): void {
    this.#pool.free(elements as FloatTexture);
  }

  destroy(): void {
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
    void this.#gpu.destroy();
  }

  #check(): void {
    const gl = this.#gl;
    const errors = new Set<number>();
    for (let error = gl.getError(); error !== gl.NO_ERROR; error = gl.getError()) errors.add(error);
    if (gl.isContextLost())
      throw new Error("gpu: the device was lost; move what you keep to another backend, or open the device again");
    if (errors.has(gl.OUT_OF_MEMORY)) throw new Error(`gpu: no memory for an array on ${this.adapter}`);
    for (const error of errors) throw new Error(`gpu: WebGL reports error 0x${error.toString(16)} on ${this.adapter}`);
  }

  #shader(program: Program): Shader {
    let found = this.#shaders.get(program.name);
    if (found === undefined) {
      found = this.#compile(program);
      this.#shaders.set(program.name, found);
    }
    return found;
  }

  #compile(program: Program): Shader {
    const gl = this.#gl;
    const types = typesOf(program).map((type) => ({ Input: ARRAY, Number: "Float" })[type] ?? type);
    const kernel = this.#gpu.createKernel(sourceOf(program), {
      ...settings,
      output: new Array<number>(program.rank).fill(1),
      argumentTypes: types,
      pipeline: true,
      // Otherwise floats are as short as the output is small, and quotients of whole numbers are rounded to whole numbers.
      tactic: "precision",
      fixIntegerDivisionAccuracy: false,
    });
    const translation = kernel.kernel as unknown as ShaderTranslation;
    const quad = gl.createVertexArray();
    gl.bindVertexArray(quad);
    const broken = (message: unknown) =>
      new Error(`gpu: kernel ${program.name} does not compile on ${this.adapter}: ${String(message)}`);
    try {
      translation.build(...types.map((type) => (type === ARRAY ? PLACEHOLDER : 1)));
    } catch (error) {
      this.#check();
      throw broken((error as Error).message);
    }
    const linked = translation.program;
    if (!linked) throw broken("gpu.js fell back to JavaScript");
    if (gl.getProgramParameter(linked, gl.LINK_STATUS) !== true) throw broken(gl.getProgramInfoLog(linked));
    gl.disable(gl.SCISSOR_TEST);
    gl.useProgram(linked);
    const uniform = (name: string) => gl.getUniformLocation(linked, name);
    gl.uniform2f(uniform("ratio"), 1, 1);
    return {
      program: linked,
      quad,
      parameters: Object.keys(program.parameters).map((name, i) => ({
        type: types[i],
        value: uniform(`user_${name}`),
        size: uniform(`user_${name}Size`),
        sizes: uniform(`user_${name}Dim`),
      })),
      outputSizes: uniform("uOutputDim"),
      outputTexture: uniform("uTexSize"),
    };
  }
}

/** gpu.js's name for an array that is a texture of floats. */
const ARRAY = "ArrayTexture(1)";
/** An argument to translate with: only its type counts. */
const PLACEHOLDER = { type: ARRAY, size: [1, 1], dimensions: [1, 1, 1] };
