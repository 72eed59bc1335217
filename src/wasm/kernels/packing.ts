import { rowBytes, tileColumns } from "./microkernel";

/**
 * Packing copies a slice of a matrix into panels that the micro-kernel reads front to back: a panel holds, for each k,
 * the `width` elements that one tile needs. Rows of op(A) and columns of op(B) are packed by the same function, and both
 * strides are free, so A, Aᵀ, B and Bᵀ cost the same.
 */

/** k's copied at a time where lines lie side by side: more rows, a power of two apart, would evict each other from L1. */
const CHUNK = 8;

/** Packs `lines` lines into panels of `width` lines each; see packPanel. */
export function packPanels<T>(
  panels: usize,
  width: i32,
  lines: i32,
  depth: i32,
  source: usize,
  across: i32,
  along: i32,
  scale: T,
): void {
  const panelBytes = width * depth * sizeof<T>();
  const chunk = across == sizeof<T>() && along != sizeof<T>() ? CHUNK : depth;
  for (let k = 0; k < depth; k += chunk) {
    let panel = panels + k * width * sizeof<T>();
    let from = source + k * along;
    for (let line = 0; line < lines; line += width) {
      packPanel<T>(panel, width, min(width, lines - line), min(chunk, depth - k), from, across, along, scale);
      panel += panelBytes;
      from += width * across;
    }
  }
}

/**
 * panel[k][i] = scale · x[i, k], k < depth, i < width, where x[i, k] lies at source + i·across + k·along (bytes).
 * Only the first `valid` of the `width` lines exist; the others repeat the last one, and their products are never stored.
 */
export function packPanel<T>(
  panel: usize,
  width: i32,
  valid: i32,
  depth: i32,
  source: usize,
  across: i32,
  along: i32,
  scale: T,
): void {
  if (along == sizeof<T>()) packTransposed<T>(panel, width, valid, depth, source, across, scale);
  else if (across == sizeof<T>() && valid == width) packCopied<T>(panel, width, depth, source, along, scale);
  else packScattered<T>(panel, width, valid, 0, depth, source, across, along, scale);
}

function packScattered<T>(
  panel: usize,
  width: i32,
  valid: i32,
  from: i32,
  depth: i32,
  source: usize,
  across: i32,
  along: i32,
  scale: T,
): void {
  for (let i = 0; i < width; i++) {
    let x = source + min(i, valid - 1) * across + from * along;
    let to = panel + (from * width + i) * sizeof<T>();
    for (let k = from; k < depth; k++) {
      store<T>(to, scale * load<T>(x));
      x += along;
      to += width * sizeof<T>();
    }
  }
}

/** Lines side by side in memory: each k is a short contiguous copy. */
function packCopied<T>(panel: usize, width: i32, depth: i32, source: usize, along: i32, scale: T): void {
  const bytes = width * sizeof<T>();
  const s = v128.splat<T>(scale);
  for (let k = 0; k < depth; k++) {
    let from = source;
    let left = bytes;
    while (left >= 16) {
      v128.store(panel, v128.mul<T>(s, v128.load(from)));
      from += 16;
      panel += 16;
      left -= 16;
    }
    if (left) {
      v128.store64_lane(panel, v128.mul<T>(s, v128.load64_zero(from)), 0);
      panel += 8;
    }
    source += along;
  }
}

/** Lines contiguous along k: transpose small squares in registers. */
function packTransposed<T>(
  panel: usize,
  width: i32,
  valid: i32,
  depth: i32,
  source: usize,
  across: i32,
  scale: T,
): void {
  const lanes = 16 / sizeof<T>();
  const whole = depth & ~(lanes - 1);
  const s = v128.splat<T>(scale);
  const step = width * sizeof<T>();
  for (let i = 0; i < width;) {
    const r0 = source + min(i, valid - 1) * across;
    const r1 = source + min(i + 1, valid - 1) * across;
    let to = panel + i * sizeof<T>();
    if (sizeof<T>() == 8) {
      for (let k = 0; k < whole * 8; k += 16) {
        const x0 = v128.mul<T>(s, v128.load(r0 + k));
        const x1 = v128.mul<T>(s, v128.load(r1 + k));
        v128.store(to, v128.shuffle<i64>(x0, x1, 0, 2));
        v128.store(to + step, v128.shuffle<i64>(x0, x1, 1, 3));
        to += 2 * step;
      }
      i += 2;
    } else if (width - i >= 4) {
      const r2 = source + min(i + 2, valid - 1) * across;
      const r3 = source + min(i + 3, valid - 1) * across;
      for (let k = 0; k < whole * 4; k += 16) {
        const x0 = v128.mul<T>(s, v128.load(r0 + k));
        const x1 = v128.mul<T>(s, v128.load(r1 + k));
        const x2 = v128.mul<T>(s, v128.load(r2 + k));
        const x3 = v128.mul<T>(s, v128.load(r3 + k));
        const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
        const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
        const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
        const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
        v128.store(to + step, v128.shuffle<i64>(low01, low23, 1, 3));
        v128.store(to + 2 * step, v128.shuffle<i64>(high01, high23, 0, 2));
        v128.store(to + 3 * step, v128.shuffle<i64>(high01, high23, 1, 3));
        to += 4 * step;
      }
      i += 4;
    } else {
      for (let k = 0; k < whole * 4; k += 16) {
        const x0 = v128.mul<T>(s, v128.load(r0 + k));
        const x1 = v128.mul<T>(s, v128.load(r1 + k));
        const low = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
        const high = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
        v128.store64_lane(to, low, 0);
        v128.store64_lane(to + step, low, 1);
        v128.store64_lane(to + 2 * step, high, 0);
        v128.store64_lane(to + 3 * step, high, 1);
        to += 4 * step;
      }
      i += 2;
    }
  }
  packScattered<T>(panel, width, valid, whole, depth, source, across, sizeof<T>(), scale);
}

/** x[i, k] = panel[k][i] for i < valid: the way back from packPanel with scale 1. */
export function unpackPanel<T>(
  panel: usize,
  width: i32,
  valid: i32,
  depth: i32,
  target: usize,
  across: i32,
  along: i32,
): void {
  if (across == sizeof<T>() && valid == width && width == tileColumns<T>()) {
    for (let k = 0; k < depth; k++) {
      for (let at = 0; at < rowBytes(); at += 16) v128.store(target + at, v128.load(panel + at));
      panel += rowBytes();
      target += along;
    }
    return;
  }
  const lanes = 16 / sizeof<T>();
  const step = width * sizeof<T>();
  let whole = 0;
  let i = 0;
  if (along == sizeof<T>()) {
    whole = depth & ~(lanes - 1);
    for (; i + lanes <= valid; i += lanes) {
      for (let k = 0; k < whole; k += lanes) {
        transposeSquare<T>(panel + k * step + i * sizeof<T>(), step, target + i * across + k * along, across);
      }
      unpackScattered<T>(panel, width, i, i + lanes, whole, depth, target, across, along);
    }
  }
  unpackScattered<T>(panel, width, i, valid, 0, depth, target, across, along);
}

function unpackScattered<T>(
  panel: usize,
  width: i32,
  firstLine: i32,
  endLine: i32,
  from: i32,
  depth: i32,
  target: usize,
  across: i32,
  along: i32,
): void {
  for (let k = from; k < depth; k++) {
    for (let i = firstLine; i < endLine; i++) {
      store<T>(target + i * across + k * along, load<T>(panel + (k * width + i) * sizeof<T>()));
    }
  }
}

/** to = fromᵀ for the square that fills one register a row: 4×4 or 2×2. */
export function transposeSquare<T>(from: usize, fromRow: i32, to: usize, toRow: i32): void {
  const x0 = v128.load(from);
  const x1 = v128.load(from + fromRow);
  if (sizeof<T>() == 8) {
    v128.store(to, v128.shuffle<i64>(x0, x1, 0, 2));
    v128.store(to + toRow, v128.shuffle<i64>(x0, x1, 1, 3));
  } else {
    const x2 = v128.load(from + 2 * fromRow);
    const x3 = v128.load(from + 3 * fromRow);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to + toRow, v128.shuffle<i64>(low01, low23, 1, 3));
    v128.store(to + 2 * toRow, v128.shuffle<i64>(high01, high23, 0, 2));
    v128.store(to + 3 * toRow, v128.shuffle<i64>(high01, high23, 1, 3));
  }
}
