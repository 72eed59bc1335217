import fc from "fast-check";
import { crc32 } from "../../src/formats/crc32.js";
import { FormatError } from "../../src/formats/formatError.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/namedTensors.js";
import { decodeNpy, encodeNpy } from "../../src/formats/npy.js";
import { decodeNpz, encodeNpz } from "../../src/formats/npz.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { fromArray, read } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";

const backend = cpu();
const runs = (numRuns: number) => ({ numRuns, seed: 1 });

/** Any shape of up to 4 axes, either dtype, any bits. */
const tensors: fc.Arbitrary<Tensor> = fc
  .tuple(fc.array(fc.nat(4), { maxLength: 4 }), fc.boolean())
  .chain(([shape, single]) => {
    const length = shape.reduce((product, d) => product * d, 1);
    const exactly = { minLength: length, maxLength: length };
    return (single ? fc.float32Array(exactly) : fc.float64Array(exactly)).map((values) =>
      fromArray(values, shape, backend),
    );
  });
const named = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), tensors), {
  selector: ([name]) => name,
  maxLength: 5,
});

async function expectSame(actual: Tensor | undefined, t: Tensor) {
  if (actual === undefined) throw new Error("a tensor is missing");
  expect([actual.shape, actual.dtype]).toEqual([t.shape, t.dtype]);
  expect(await read(actual)).toEqual(await read(t));
}

async function expectAll(actual: ReadonlyMap<string, Tensor>, entries: readonly (readonly [string, Tensor])[]) {
  expect(actual.size).toBe(entries.length);
  for (const [name, t] of entries) await expectSame(actual.get(name), t);
}

test("any tensors and metadata go through .safetensors, under any names", async () => {
  const texts = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([name]) => name, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(named, texts, async (entries, about) => {
      const decoded = decodeSafetensors(await encodeSafetensors(entries, about), { backend });
      await expectAll(decoded.tensors, entries);
      expect(decoded.metadata).toEqual(new Map(about));
    }),
    runs(100),
  );
});

test("any tensor goes through .npy, and any named ones through .npz", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, async (t) => expectSame(decodeNpy(await encodeNpy(t), { backend }), t)),
    runs(100),
  );
  const entries = named.map((all) => all.map(([name, t], i) => [`${i}${name}`, t] as const));
  await fc.assert(
    fc.asyncProperty(entries, async (all) => expectAll(await decodeNpz(await encodeNpz(all), { backend }), all)),
    runs(50),
  );
});

test("bytes that are cut short or foreign are a FormatError in every format, and never another", async () => {
  const t = fromArray(new Float64Array([1, 2, 3]), [3], backend);
  const files = [await encodeSafetensors([["a", t]]), await encodeNpy(t), await encodeNpz([["a", t]])];
  const decoders = [decodeSafetensors, decodeNpy, decodeNpz];
  const foreign = fc.uint8Array({ maxLength: 100 });
  const cut = fc.tuple(fc.nat(2), fc.nat(2 ** 16)).map(([i, n]) => files[i].slice(0, n % files[i].length));
  const patched = fc.tuple(fc.nat(2), fc.nat(2 ** 16), foreign).map(([i, n, patch]) => {
    const bytes = files[i].slice();
    bytes.set(patch.slice(0, 4), n % (bytes.length - 4));
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(foreign, cut, patched), async (bytes) => {
      for (const [i, decode] of decoders.entries())
        try {
          await decode(bytes, { backend });
          expect(bytes).toHaveLength(files[i].length); // a patch may leave it well formed, a cut never
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
    }),
    runs(300),
  );
});

describe("a hostile .safetensors header", () => {
  const file = (header: string, data = 8) => {
    const json = new TextEncoder().encode(header);
    const bytes = new Uint8Array(8 + json.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  const a = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

  test("is read where it is honest", () => {
    expect(decodeSafetensors(file(`{"a":${a}}`), { backend }).tensors.get("a")?.shape).toEqual([2]);
  });

  test.each([
    ["no object", "[]", /no JSON object/],
    ["no JSON", "{", /no JSON/],
    ["a name twice", `{"a":${a},"a":${a}}`, /"a" twice/],
    ["a name twice, spelt in two ways", `{"a":${a},"\\u0061":${a}}`, /"a" twice/],
    ["a field twice", `{"a":${a.replace("{", '{"dtype":"F64",')}}`, /"dtype" twice/],
    ["a field too many", `{"a":${a.replace("{", '{"more":1,')}}`, /and nothing else/],
    ["overlapping tensors", `{"a":${a},"b":${a}}`, /begins at byte 0, and the one before ends at 8/],
    ["a hole", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', /begins at byte 4/],
    ["less than follows", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', /take 4 bytes, and 8 follow/],
    ["more than follows", '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}', /take 16 bytes, and 8 follow/],
    ["another size", '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', /8 bytes, and \[3\] float32 takes 12/],
    ["a size that overflows", `{"a":{"dtype":"F32","shape":[${2 ** 52},${2 ** 52}],"data_offsets":[0,8]}}`, /takes/],
    ["half a length", '{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}', /shape \[2\.5\]/],
    ["a negative length", '{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}', /shape \[-2\]/],
    ["an immense length", '{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}}', /shape/],
    ["falling offsets", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}', /rising/],
    ["another dtype", '{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}', /is of "BF16"; only F32 and F64/],
    ["a dtype of every object", '{"a":{"dtype":"constructor","shape":[2],"data_offsets":[0,8]}}', /only F32 and F64/],
    ["metadata that is no text", `{"__metadata__":{"x":1},"a":${a}}`, /"x" that is no text/],
    ["metadata that is no object", `{"__metadata__":7,"a":${a}}`, /no object/],
  ])("with %s is refused", (_, header, message) => {
    expect(() => decodeSafetensors(file(header), { backend })).toThrow(FormatError);
    expect(() => decodeSafetensors(file(header), { backend })).toThrow(message);
  });

  test("of a length beyond the file, or of 2⁶⁴ − 1, is refused before anything is read", () => {
    const bytes = file(`{"a":${a}}`);
    for (const length of [2n ** 64n - 1n, BigInt(bytes.length)]) {
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      expect(() => decodeSafetensors(bytes)).toThrow(/its header is to be \d+ bytes long/);
    }
  });

  test("with names of Object.prototype is read as names, and changes no prototype", () => {
    const header = `{"__metadata__":{"__proto__":"m","constructor":"c"},"__proto__":${a}}`;
    const { tensors, metadata } = decodeSafetensors(file(header), { backend });
    expect([...tensors.keys()]).toEqual(["__proto__"]);
    expect(metadata.get("__proto__")).toBe("m");
    const inside = `{"a":${a.replace("{", '{"__proto__":{"shape":[9]},')}}`;
    expect(() => decodeSafetensors(file(inside))).toThrow(/nothing else/);
    expect(({} as Record<string, unknown>).shape).toBeUndefined();
    expect(Object.getPrototypeOf(metadata)).toBe(Map.prototype);
  });

  test("cannot name a tensor as its metadata", async () => {
    const t = fromArray(new Float32Array(1), [1], backend);
    await expect(encodeSafetensors([["__metadata__", t]])).rejects.toThrow("cannot be called __metadata__; rename it");
  });
});

describe(".npy as NumPy writes it", () => {
  const npy = (dict: string, data: ArrayLike<number>, version = 1) => {
    const length = new Uint8Array(version === 1 ? 2 : 4);
    new DataView(length.buffer).setUint16(0, dict.length, true);
    return Uint8Array.from([
      0x93,
      ...Buffer.from("NUMPY"),
      version,
      0,
      ...length,
      ...Buffer.from(dict),
      ...Array.from(data),
    ]);
  };
  const dict = (descr: string, shape: string, fortran = "False") =>
    `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }\n`;
  const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer);

  test.each([
    ["|u1", "3,", [1, 2, 255], [1, 2, 255]],
    ["|i1", "3,", [1, 2, 255], [1, 2, -1]],
    ["|b1", "2,", [1, 0], [1, 0]],
    ["<i2", "2,", bytesOf(new Int16Array([-2, 300])), [-2, 300]],
    ["<u4", "1,", bytesOf(new Uint32Array([2 ** 32 - 1])), [2 ** 32 - 1]],
    ["<i8", "2,", bytesOf(new BigInt64Array([-5n, 2n ** 53n - 1n])), [-5, 2 ** 53 - 1]],
    [">f4", "1,", [0x40, 0x20, 0, 0], [2.5]],
    ["<f8", "", bytesOf(new Float64Array([Math.PI])), [Math.PI]],
  ])("%s is read", async (descr, shape, data, values) => {
    for (const version of [1, 2, 3]) {
      const t = decodeNpy(npy(dict(descr, shape), data, version), { backend });
      expect(Array.from(await read(t))).toEqual(values);
      expect(t.dtype).toBe(descr.endsWith("f4") ? "float32" : "float64");
    }
  });

  test("Fortran order is read as the same tensor", async () => {
    const [p, q, r] = [2, 3, 4];
    const values = new Float64Array(p * q * r);
    for (let i = 0; i < p; i++)
      for (let j = 0; j < q; j++) for (let k = 0; k < r; k++) values[i + p * (j + q * k)] = (i * q + j) * r + k;
    const t = decodeNpy(npy(dict("<f8", "2, 3, 4", "True"), bytesOf(values)), { backend });
    expect(Array.from(await read(t))).toEqual(Array.from({ length: p * q * r }, (_, n) => n));
  });

  test.each([
    ["an integer beyond 2⁵³", npy(dict("<u8", "1,"), new Uint8Array(8).fill(255)), /beyond ±2⁵³/],
    ["complex numbers", npy(dict("<c8", "1,"), new Uint8Array(8)), /elements are '<c8'/],
    ["half precision", npy(dict("<f2", "1,"), new Uint8Array(2)), /elements are '<f2'/],
    [
      "records",
      npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", new Uint8Array(4)),
      /one type/,
    ],
    ["too few elements", npy(dict("<f4", "3,"), new Uint8Array(8)), /8 bytes follow the header, and \(3\)/],
    ["a shape that overflows", npy(dict("<f4", "99999999999999999999,"), []), /its shape is/],
    ["another version", npy(dict("<f4", "1,"), new Uint8Array(4), 9), /version is 9/],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(FormatError);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });
});

test("a compressed .npz is read, and one that unpacks to more than it says is refused", async () => {
  const t = fromArray(new Float32Array(5000), [5000], backend);
  const stored = await encodeNpz([["zeros", t]]);
  const file = await encodeNpy(t);
  const deflated = new Uint8Array(
    await new Response(new Blob([file]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer(),
  );
  /** The same archive with its one file deflated. */
  const packed = (size: number) => {
    const bytes = new Uint8Array(stored.length - file.length + deflated.length);
    const headerEnd = 30 + "zeros.npy".length;
    bytes.set(stored.subarray(0, headerEnd));
    bytes.set(deflated, headerEnd);
    bytes.set(stored.subarray(headerEnd + file.length), headerEnd + deflated.length);
    const view = new DataView(bytes.buffer);
    const entry = headerEnd + deflated.length;
    view.setUint16(entry + 10, 8, true);
    view.setUint32(entry + 20, deflated.length, true);
    view.setUint32(entry + 24, size, true);
    view.setUint32(bytes.length - 6, entry, true);
    return bytes;
  };
  await expectAll(await decodeNpz(packed(file.length), { backend }), [["zeros", t]]);
  await expect(decodeNpz(packed(100))).rejects.toThrow(/cannot be unpacked/);
  await expect(decodeNpz(packed(file.length + 1))).rejects.toThrow(/is damaged/);
  await expect(decodeNpz(packed(2 ** 31))).rejects.toThrow(/more than its \d+ can unpack to/);
});

test("CRC-32 is that of zip, whole or in parts", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(crc32(bytes)).toBe(0xcbf43926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});
