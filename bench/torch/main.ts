import { paper, wasm } from "../../src/index.js";
import { digits } from "../../examples/data/digits.js";
import { runExample } from "../../examples/usage-error.js";
import { ENCODER, makeNetwork } from "../autoencoder.js";
import { machineLine } from "../machine.js";
import { describe, EVERY, type Outcome } from "./evaluations.js";
import { parseTorchOptions, TRAINERS, type TorchOptions, type Trainer } from "./options.js";
import { writeStart } from "./start.js";
import { trainKronfac } from "./train-kronfac.js";
import { findTorch, trainTorch } from "./train-torch.js";

const BATCH = 1000;

const write = (text: string) => process.stdout.write(`${text}\n`);

await runExample(async () => {
  const options = parseTorchOptions(process.argv.slice(2));
  if ("help" in options) process.stdout.write(options.help);
  else await compare(options);
});

/** Trains with each in turn, and prints when it reached the target. */
async function compare(options: TorchOptions): Promise<void> {
  const { threads, target, iterations, seed, python, only } = options;
  const trainers = TRAINERS.filter((trainer) => only === undefined || trainer === only);
  const torch = trainers.includes("torch-adam") ? findTorch(python) : undefined;
  const backend = wasm({ threads, simd: "relaxed" });
  write(machineLine());
  write(
    `784-1000-500-250-30-…, batch ${BATCH}, η = ${paper.eta}, seed ${seed}, ${threads} ${threads === 1 ? "thread" : "threads"} each` +
      ` · kronfac ${backend.simd}${torch === undefined ? "" : ` · PyTorch ${torch.version} on ${torch.blas}`}`,
  );
  if (torch?.isReference === true)
    write(
      "PyTorch multiplies with the reference BLAS, which is some 20 times slower than it can be: apt-get install libopenblas0-pthread",
    );
  const images = digits();
  const fresh = () => makeNetwork(backend, seed);
  using net = fresh();
  using start = await writeStart(net, images, {
    ...{ iterations, size: BATCH, seed, threads, target },
    ...{ eta: paper.eta, learningRate: 1e-3, code: ENCODER.length, every: EVERY.adam },
  });
  const train: Record<Trainer, () => Promise<Outcome>> = {
    "torch-adam": () => trainTorch(python, start.directory, threads),
    "kronfac-kfac": () => trainKronfac("kfac", fresh, images, start, options),
    "kronfac-adam": () => trainKronfac("adam", fresh, images, start, options),
  };
  for (const trainer of trainers) write(describe(await train[trainer](), target));
}
