import fc from "fast-check";
import { packCheckpoint, unpackCheckpoint, type Checkpoint } from "../../src/checkpoint/checkpoint.js";
import { load, restore } from "../../src/checkpoint/load.js";
import { save } from "../../src/checkpoint/save.js";
import { FormatError } from "../../src/formats/formatError.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/namedTensors.js";
import { relu } from "../../src/autodiff/index.js";
import { Adam } from "../../src/kfac/adam.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { Kfac } from "../../src/kfac/kfac.js";
import type { KfacOptions } from "../../src/kfac/options.js";
import { batches } from "../../src/network/batches.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { read } from "../../src/tensor/create.js";
import { disposeAll } from "../../src/tensor/scope.js";
import { countingBackend } from "../support/countingBackend.js";
import { normalTensor, problem, type ProblemOptions } from "../support/problems.js";
import { bitsOf, building, trainTo } from "../support/resuming.js";

const kfac = (options: KfacOptions = {}, of: ProblemOptions = {}) =>
  building(of, ({ net, loss }) => new Kfac(net, loss, { lambda: 1, ...options }));

async function saved(build = kfac(), iterations = 4): Promise<Uint8Array> {
  const start = build();
  await trainTo(iterations, start);
  return bitsOf(start);
}

/** The checkpoint with something about its optimizer changed. */
function changed(bytes: Uint8Array, change: (optimizer: NonNullable<Checkpoint["optimizer"]>) => object): Uint8Array {
  const { optimizer, ...model } = unpackCheckpoint(bytes);
  if (optimizer === undefined) throw new Error("the checkpoint has no optimizer");
  return packCheckpoint({ ...model, optimizer: { ...optimizer, ...change(optimizer) } });
}

const runs = (numRuns: number) => ({ numRuns, seed: 1 });

describe("load refuses with one clear error", () => {
  const refused = (bytes: Uint8Array) => {
    expect(() => load(bytes)).toThrow(FormatError);
    expect(() => load(bytes)).toThrow(/^load: [^\n]+(take an earlier one|reads them|wrote it)$/);
  };

  test("a checkpoint cut short anywhere, or with bytes after it", async () => {
    const bytes = await saved();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => refused(bytes.slice(0, length))),
      runs(150),
    );
    for (const length of [0, 1, 7, 8, 9, 100, bytes.length - 1]) refused(bytes.slice(0, length));
    refused(Uint8Array.from([...bytes, 0]));
  });

  test("a checkpoint with any bits flipped", async () => {
    const bytes = await saved();
    const bit = fc.oneof(fc.nat(8 * bytes.length - 1), fc.nat(8 * 1500)); // often in the header
    fc.assert(
      fc.property(fc.uniqueArray(bit, { minLength: 1, maxLength: 3 }), (bits) => {
        const damaged = bytes.slice();
        for (const at of bits) damaged[at >> 3] ^= 1 << (at & 7);
        refused(damaged);
      }),
      runs(400),
    );
  });

  test("any other bytes, and safetensors that are no checkpoint", async () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), refused), runs(200));
    for (const text of ["{}", "\x89PNG\r\n\x1a\n", "PK\x03\x04", "\x93NUMPY\x01\x00"])
      refused(Buffer.from(text, "latin1"));
    const W = normalTensor([2, 3], 1);
    refused(await encodeSafetensors([["weights.0", W]]));
    refused(await encodeSafetensors([["weights.0", W]], [["format", "kronfac checkpoint"]]));
    refused(await encodeSafetensors([], Object.entries({ format: "kronfac checkpoint", version: "2" })));
    refused(await encodeSafetensors([], Object.entries({ format: "kronfac checkpoint", version: "1" })));
  });
});

test("a checkpoint is a safetensors file of named tensors, and so are the averaged weights", async () => {
  const start = kfac()();
  await trainTo(3, start);
  const bytes = await save(start.net, start.optimizer);
  const { tensors, metadata } = decodeSafetensors(bytes, { backend: cpu() });
  expect([...tensors.keys()]).toEqual(expect.arrayContaining(["weights.0", "weights.1", "optimizer.factors.0.0.A"]));
  expect(await read(tensors.get("weights.1") ?? start.net.weights[0])).toEqual(await read(start.net.weights[1]));
  if (!(start.optimizer instanceof Kfac)) throw new Error("the optimizer is no Kfac");
  const [averaged] = start.optimizer.averagedWeights;
  expect(await read(tensors.get("optimizer.average.0") ?? averaged)).toEqual(await read(averaged));
  expect(metadata.get("activations")).toBe("tanh custom");
  expect(metadata.get("options.loss")).toBe("squaredError");
  expect(metadata.get("options.inverse")).toBe("blockDiagonal");
  expect(metadata.get("state.iteration")).toBe("3");
});

test("the weights alone are saved without an optimizer, and set without one", async () => {
  const { net } = problem();
  const bytes = await save(net);
  const other = problem({ seed: 2 }).net;
  restore(load(bytes), other);
  expect(await save(other)).toEqual(bytes);
  const third = kfac({}, { seed: 3 })();
  restore(load(await saved()), third.net);
  expect(third.optimizer.iteration).toBe(0);
});

test("what is trained while save waits is not in the checkpoint", async () => {
  const start = kfac()();
  await trainTo(3, start);
  const at = await bitsOf(start);
  const saving = bitsOf(start);
  await trainTo(5, start);
  expect(await saving).toEqual(at);
});

describe("restore refuses, and nothing changes:", () => {
  test.each<[string, () => Promise<Uint8Array>, ReturnType<typeof kfac>, RegExp]>([
    [
      "other options",
      () => saved(kfac({ invertEvery: 7 })),
      kfac(),
      /under invertEvery 7, and the optimizer has 10; construct/,
    ],
    [
      "another activation",
      () => saved(kfac({}, { activation: relu })),
      kfac(),
      /the activation of layer 0 is relu in the checkpoint, and tanh in the model/,
    ],
    [
      "another loss",
      () => saved(kfac({}, { loss: sigmoidCrossEntropy })),
      kfac(),
      /under loss sigmoidCrossEntropy, and the optimizer has squaredError/,
    ],
    [
      "another loss of Adam",
      () => saved(building({ loss: sigmoidCrossEntropy }, ({ net, loss }) => new Adam(net, loss))),
      building({}, ({ net, loss }) => new Adam(net, loss)),
      /under loss sigmoidCrossEntropy, and the optimizer has squaredError/,
    ],
    ["another seed", () => saved(kfac({ seed: 3 })), kfac(), /under seed 3, and the optimizer has 0/],
    [
      "another inverse",
      () => saved(kfac({ inverse: blockTridiagonal })),
      kfac(),
      /under inverse blockTridiagonal, and the optimizer has blockDiagonal/,
    ],
    [
      "another optimizer",
      () => saved(building({}, ({ net, loss }) => new Adam(net, loss))),
      kfac(),
      /adam, and the optimizer is kfac/,
    ],
    ["other layers", () => saved(kfac({}, { sizes: [3, 4, 4, 2] })), kfac(), /3 layers, the model 2/],
    [
      "other widths",
      () => saved(kfac({}, { sizes: [3, 5, 2] })),
      kfac(),
      /layer 0 is \[5×4\] in the checkpoint, and \[4×4\]/,
    ],
    [
      "another dtype",
      () => saved(kfac({}, { dtype: "float32" })),
      kfac(),
      /float32 in the checkpoint.*dtype "float32"/,
    ],
    ["weights alone", async () => save(problem().net), kfac(), /weights alone; leave the optimizer out/],
    [
      "a number that is missing",
      async () => changed(await saved(), () => ({ numbers: new Map() })),
      kfac(),
      /iteration of the state is missing/,
    ],
    [
      "a tensor that is missing",
      async () =>
        changed(await saved(), ({ tensors }) => ({
          tensors: new Map([...tensors].filter(([name]) => name !== "undo.average.1")),
        })),
      kfac(),
      /undo\.average\.1 of the state is missing/,
    ],
    [
      "a tensor too many",
      async () =>
        changed(await saved(), ({ tensors }) => ({
          tensors: new Map([...tensors, ["more", { shape: [1], values: new Float64Array(1) }]]),
        })),
      kfac(),
      /has more, which the optimizer has no place for/,
    ],
    [
      "factors that have no inverse",
      async () =>
        changed(await saved(), ({ tensors }) => ({
          tensors: new Map(
            [...tensors].map(([name, t]) => [
              name,
              name.includes("factors") ? { ...t, values: t.values.map(() => -1) } : t,
            ]),
          ),
        })),
      kfac(),
      /entries must be finite/,
    ],
  ])("%s", async (_, bytes, build, message) => {
    const start = build();
    await trainTo(2, start);
    const before = await bitsOf(start);
    const checkpoint = load(await bytes());
    expect(() => restore(checkpoint, start.net, start.optimizer)).toThrow(message);
    expect(await bitsOf(start)).toEqual(before);
  });

  test("another model than the optimizer's, and a step that is running", async () => {
    const [a, b] = [kfac()(), kfac()()];
    const checkpoint = load(await bitsOf(a));
    expect(() => restore(checkpoint, b.net, a.optimizer)).toThrow("restore: the optimizer trains another model");
    await expect(save(b.net, a.optimizer)).rejects.toThrow("save: the optimizer trains another model");
    const step = a.optimizer.step(a.data);
    expect(() => restore(checkpoint, a.net, a.optimizer)).toThrow("a step is still running");
    await expect(bitsOf(a)).rejects.toThrow("a step is still running; await it before saving");
    await step;
  });
});

test("saving and restoring, refused or not, leave no memory behind", async () => {
  const backend = countingBackend();
  const start = kfac({}, { backend })();
  await trainTo(4, start);
  const checkpoint = load(await bitsOf(start));
  restore(checkpoint, start.net, start.optimizer);
  const before = backend.live;
  await bitsOf(start);
  restore(checkpoint, start.net, start.optimizer);
  const short = { ...checkpoint, weights: checkpoint.weights.slice(1) };
  expect(() => restore(short, start.net, start.optimizer)).toThrow("1 layers");
  expect(backend.live).toBe(before);
  disposeAll([start.optimizer, start.net]);
});

test("batches from k are those of the whole sequence", async () => {
  const { data } = problem({ cases: 9 });
  const whole = batches(data, { size: 4, seed: 2 });
  for (let k = 1; k <= 3; k++) whole.next();
  const later = batches(data, { size: 4, seed: 2, from: 4 });
  expect(await read(later.next().value.inputs)).toEqual(await read(whole.next().value.inputs));
  expect(() => batches(data, { size: 4, from: 0 })).toThrow("from is 0; it must be an integer of at least 1");
});
