import { tanh } from "../../src/autodiff/index.js";
import { Adam } from "../../src/kfac/adam.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import type { InverseStrategy } from "../../src/kfac/inverse.js";
import { Kfac } from "../../src/kfac/kfac.js";
import type { Optimizer } from "../../src/kfac/optimizer.js";
import { dense, type Activation } from "../../src/network/layer.js";
import type { Loss } from "../../src/network/loss.js";
import type { Model } from "../../src/network/model.js";
import { network } from "../../src/network/network.js";
import type { Backend } from "../../src/tensor/backend.js";
import { holding } from "../../src/tensor/scope.js";
import { rowsOfAll } from "../support/close.js";
import { countingBackend, type CountingBackend } from "../support/countingBackend.js";
import { identityActivation, problem, type Problem } from "../support/problems.js";

/** Throws when it has been passed so many times. */
class Trap {
  left = Infinity;
  pass(): void {
    if (--this.left === 0) throw new Error("a fault of someone else's");
  }
}

/** What a training run is made of, with a trap in one of its parts. */
interface Parts {
  readonly model: Model;
  readonly loss: Loss;
  readonly inverse: InverseStrategy;
}

function model(of: Problem, changed: Partial<Model>): Model {
  return {
    get weights() {
      return of.net.weights;
    },
    setWeights: (weights) => {
      of.net.setWeights(weights);
    },
    apply: (weights, x) => of.net.apply(weights, x),
    ...changed,
  };
}

const parts: Record<string, (of: Problem, trap: Trap) => Partial<Parts>> = {
  "the model's apply": (of, trap) => ({
    model: model(of, {
      apply: (weights, x) => {
        trap.pass();
        return of.net.apply(weights, x);
      },
    }),
  }),
  "the model's setWeights": (of, trap) => ({
    model: model(of, {
      setWeights: (weights) => {
        trap.pass();
        of.net.setWeights(weights);
      },
    }),
  }),
  "a loss's value": ({ loss }, trap) => ({
    loss: {
      ...loss,
      value: (z, targets) => {
        trap.pass();
        return loss.value(z, targets);
      },
    },
  }),
  "a loss's sample": ({ loss }, trap) => ({
    loss: {
      ...loss,
      sample: (z, random) => {
        trap.pass();
        return loss.sample(z, random);
      },
    },
  }),
  "a loss's factor": ({ loss }, trap) => ({
    loss: {
      ...loss,
      factor: (z) => {
        trap.pass();
        return loss.factor(z);
      },
    },
  }),
  "an inverse's preparation": (_, trap) => ({
    inverse: (factors, damping) => {
      trap.pass();
      return blockDiagonal(factors, damping);
    },
  }),
  "an inverse that is applied": (_, trap) => ({
    inverse: (factors, damping) => {
      const inverse = blockDiagonal(factors, damping);
      return holding((V) => {
        trap.pass();
        return inverse(V);
      }, inverse);
    },
  }),
  "an activation": () => ({}),
};

const STEPS = 4;

/**
 * Takes four steps. Where it is disturbed, each of them is tried first with a fault in the 1st, 1 + every-th, … pass of the trap, until
 * none comes. Gives what the steps did, the weights, and how many faults there were.
 */
async function run(
  backend: CountingBackend,
  trap: Trap,
  { of, optimizer }: { of: Problem; optimizer: Optimizer },
  disturbed: boolean,
  every = 1,
) {
  const reports = [];
  let faults = 0;
  for (let k = 0; k < STEPS; k++) {
    for (let pass = 1; disturbed; pass += every) {
      const [live, before] = [backend.live, await rowsOfAll(of.net.weights)];
      trap.left = pass;
      const report = await optimizer.step(of.data).catch((error: unknown) => {
        expect(String(error)).toBe("Error: a fault of someone else's");
      });
      trap.left = Infinity;
      if (report !== undefined) {
        reports.push(report);
        break;
      }
      faults++;
      expect(await rowsOfAll(of.net.weights)).toEqual(before);
      expect(backend.live).toBe(live);
    }
    if (!disturbed) reports.push(await optimizer.step(of.data));
  }
  const weights = await rowsOfAll(of.net.weights);
  optimizer[Symbol.dispose]();
  return { steps: { reports, weights }, faults };
}

const options = { adaptLambdaEvery: 2, adaptGammaEvery: 3, invertEvery: 3 };

test.each(Object.keys(parts))("%s that throws, in whichever call, leaves all as it was", async (name) => {
  const attempt = (disturbed: boolean) => {
    const backend = countingBackend();
    const trap = new Trap();
    const activation: Activation = (s) => {
      if (name === "an activation") trap.pass();
      return tanh(s);
    };
    const of = problem({ backend, activation });
    const { model: trained = of.net, loss = of.loss, ...inverse } = parts[name](of, trap);
    const optimizer = new Kfac(trained, loss, { ...options, ...inverse });
    return run(backend, trap, { of, optimizer }, disturbed);
  };
  const [disturbed, calm] = [await attempt(true), await attempt(false)];
  expect(disturbed.faults).toBeGreaterThanOrEqual(STEPS);
  expect(disturbed.steps).toEqual(calm.steps);
});

/** A backend whose every operation passes a trap: it may have no room, or lose a thread. */
function fragile(inner: CountingBackend, trap: Trap): Backend & CountingBackend {
  const frail = Object.entries(inner).map(([name, member]: [string, unknown]) => [
    name,
    typeof member !== "function" || name === "free"
      ? member
      : (...args: unknown[]) => {
          trap.pass();
          return (member as (...args: unknown[]) => unknown)(...args);
        },
  ]);
  const backend = Object.fromEntries(frail) as CountingBackend;
  return Object.defineProperty(backend, "live", { get: () => inner.live });
}

test.each<[string, (of: Problem) => Optimizer]>([
  ["Kfac", ({ net, loss }) => new Kfac(net, loss, options)],
  ["Adam", ({ net, loss }) => new Adam(net, loss)],
])("an operation of the backend that fails in a step of %s, whichever it is, leaves all as it was", async (_, make) => {
  const attempt = (disturbed: boolean) => {
    const trap = new Trap();
    const backend = fragile(countingBackend(), trap);
    const of = problem({ backend });
    return run(backend, trap, { of, optimizer: make(of) }, disturbed, 23);
  };
  const [disturbed, calm] = [await attempt(true), await attempt(false)];
  expect(disturbed.faults).toBeGreaterThan(2 * STEPS);
  expect(disturbed.steps).toEqual(calm.steps);
});

test("an initialisation that throws makes no network, and keeps no memory", () => {
  const backend = countingBackend();
  let layers = 0;
  const initialize = ([d, n]: readonly [number, number]) => {
    if (layers++ === 1) throw new Error("a fault of someone else's");
    return new Float64Array(d * n);
  };
  const parts = [dense(3, 4, tanh), dense(4, 2, identityActivation)];
  expect(() => network(parts, { backend, dtype: "float64", initialize })).toThrow("a fault of someone else's");
  expect(backend.live).toBe(0);
});
