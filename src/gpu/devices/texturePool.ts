/** Elements in a texture of one float a texel, row by row. */
export interface FloatTexture {
  readonly texture: WebGLTexture;
  /** What it is written to and read through. */
  readonly framebuffer: WebGLFramebuffer;
  readonly width: number;
  readonly height: number;
  readonly length: number;
}

/** Bytes of given-back textures that are kept for later launches. */
const KEPT = 256 * 2 ** 20;
/** Up to here an array is one row. */
const ROW = 1024;

/** Textures by size. One that is given back serves the next array of its size: WebGL's commands run in their order. */
export class TexturePool {
  live = 0;
  readonly #gl: WebGL2RenderingContext;
  readonly #largest: number;
  readonly #idle = new Map<string, FloatTexture[]>();
  #idleBytes = 0;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#largest = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  }

  /** @throws RangeError for more elements than a texture has texels. */
  allocate(length: number, operation: string): FloatTexture {
    const { width, height } = this.#sizeFor(length, operation);
    this.live++;
    const idle = this.#idle.get(sizeName(width, height))?.pop();
    if (idle === undefined) return this.#create(width, height, length);
    this.#idleBytes -= 4 * width * height;
    return { ...idle, length };
  }

  free(texture: FloatTexture): void {
    this.live--;
    const { width, height } = texture;
    const bytes = 4 * width * height;
    if (this.#idleBytes + bytes > KEPT) {
      this.#gl.deleteFramebuffer(texture.framebuffer);
      this.#gl.deleteTexture(texture.texture);
      return;
    }
    this.#idleBytes += bytes;
    const key = sizeName(width, height);
    const idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, [texture]);
    else idle.push(texture);
  }

  /** Nearly square beyond a row; its width is then a power of two, by which devices divide exactly. */
  #sizeFor(length: number, operation: string): { width: number; height: number } {
    const width = length <= ROW ? length : Math.min(2 ** Math.ceil(Math.log2(length) / 2), this.#largest);
    const height = Math.ceil(length / width);
    if (height > this.#largest)
      throw new RangeError(
        `gpu: ${operation} needs an array of ${length} elements, but a texture here has at most ${this.#largest ** 2}`,
      );
    return { width, height };
  }

  #create(width: number, height: number, length: number): FloatTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R32F, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    const framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return { texture, framebuffer, width, height, length };
  }
}

function sizeName(width: number, height: number): string {
  return `${width}×${height}`;
}
