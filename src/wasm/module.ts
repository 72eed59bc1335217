import baselineShared from "./generated/baselineShared.js";
import baselineUnshared from "./generated/baselineUnshared.js";
import relaxedShared from "./generated/relaxedShared.js";
import relaxedUnshared from "./generated/relaxedUnshared.js";
import turboShared from "./generated/turboShared.js";
import turboUnshared from "./generated/turboUnshared.js";

/** The kernels, described in kernels/README.md: f_f32 and f_f64 of every generic f. */
export type Kernels = Readonly<Record<string, (...parameters: number[]) => number>> & {
  readonly poolBytes: { readonly value: number };
};

/**
 * Which build of the kernels runs: without fused multiply-add, with it (relaxed SIMD), or with it and a register tile for V8's
 * revectorisation. The last two round alike.
 */
export type Simd = "baseline" | "relaxed" | "turbo";

const sources = {
  turbo: { shared: turboShared, unshared: turboUnshared },
  relaxed: { shared: relaxedShared, unshared: relaxedUnshared },
  baseline: { shared: baselineShared, unshared: baselineUnshared },
};

/** A module of one function of type () → v128, whose body is given. */
function probe(body: readonly number[]): boolean {
  const code = [body.length + 2, 0, ...body, 0x0b];
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type 0: () → v128
    ...[0x03, 0x02, 0x01, 0x00], // function 0 has type 0
    ...[0x0a, code.length + 1, 0x01, ...code],
  ];
  return typeof WebAssembly === "object" && WebAssembly.validate(Uint8Array.from(bytes));
}

const zero = [0x41, 0x00, 0xfd, 0x0f]; // i32.const 0, i8x16.splat

/** Whether this engine has 128-bit SIMD, without which there is no wasm backend. */
export const hasSimd = (): boolean => probe(zero);

/** Whether it has relaxed SIMD: f32x4.relaxed_madd is 0xfd 0x105. */
export const hasRelaxedSimd = (): boolean => probe([...zero, ...zero, ...zero, 0xfd, 0x85, 0x02]);

/** Whether memory can be shared between threads: in Node always, in a page only where it is cross-origin isolated. */
export function canShareMemory(): boolean {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  return typeof SharedArrayBuffer === "function" && isolated !== false;
}

const compiled = new Map<string, WebAssembly.Module>();

/** The compiled module; compiling takes some milliseconds, once. */
export function kernelModule(simd: Simd, shared: boolean): WebAssembly.Module {
  const source = sources[simd][shared ? "shared" : "unshared"];
  let module = compiled.get(source);
  if (module === undefined) compiled.set(source, (module = new WebAssembly.Module(decodeBase64(source))));
  return module;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
