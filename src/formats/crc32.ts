/** The reflected polynomial of CRC-32 (ISO 3309), as in zip and PNG. */
const POLYNOMIAL = 0xedb88320;

/** TABLES[256 n + b]: what byte b does to the remainder once n more zero bytes have followed it. */
const TABLES = /* @__PURE__ */ tables();

/**
 * CRC-32 of bytes, eight a turn; `before` is that of the bytes before them. It tells any change of one or two bits, or within four
 * neighbouring bytes, and others but for one in 2³². It is no protection from someone who means it.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const T = TABLES;
  const n = bytes.length;
  let c = ~before;
  let i = 0;
  for (; i + 8 <= n; i += 8)
    c =
      T[0x700 + ((c ^ bytes[i]) & 0xff)] ^
      T[0x600 + (((c >>> 8) ^ bytes[i + 1]) & 0xff)] ^
      T[0x500 + (((c >>> 16) ^ bytes[i + 2]) & 0xff)] ^
      T[0x400 + (((c >>> 24) ^ bytes[i + 3]) & 0xff)] ^
      T[0x300 + bytes[i + 4]] ^
      T[0x200 + bytes[i + 5]] ^
      T[0x100 + bytes[i + 6]] ^
      T[bytes[i + 7]];
  for (; i < n; i++) c = (c >>> 8) ^ T[(c ^ bytes[i]) & 0xff];
  return ~c >>> 0;
}

function tables(): Int32Array {
  const T = new Int32Array(8 * 256);
  for (let b = 0; b < 256; b++) {
    let c = b;
    for (let bit = 0; bit < 8; bit++) c = (c & 1) !== 0 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    T[b] = c;
  }
  for (let i = 256; i < T.length; i++) T[i] = (T[i - 256] >>> 8) ^ T[T[i - 256] & 0xff];
  return T;
}
