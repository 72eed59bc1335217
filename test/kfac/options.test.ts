import { Kfac } from "../../src/kfac/kfac.js";
import { defaults, paper } from "../../src/kfac/options.js";
import { problem } from "../support/problems.js";

const { net, loss } = problem();

function make(options: object): Kfac {
  return new Kfac(net, loss, options);
}

describe("options out of range are refused in one sentence that names them and the range", () => {
  test.each<[object, string]>([
    [{ lambda: -1 }, 'lambda is -1; it must be a number of at least 0, or "calibrate"'],
    [{ lambda: NaN }, 'lambda is NaN; it must be a number of at least 0, or "calibrate"'],
    [{ lambda: "auto" }, 'lambda is auto; it must be a number of at least 0, or "calibrate"'],
    [{ eta: -1e-5 }, "eta is -0.00001; it must be a number of at least 0"],
    [{ eta: Infinity }, "eta is Infinity; it must be a number of at least 0"],
    [{ gamma: -1 }, "gamma is -1; it must be a number of at least 0"],
    [{ adaptLambdaEvery: 1.5 }, "adaptLambdaEvery is 1.5; it must be an integer of at least 0 (0: never)"],
    [{ adaptGammaEvery: -1 }, "adaptGammaEvery is -1; it must be an integer of at least 0 (0: never)"],
    [{ invertEvery: 0 }, "invertEvery is 0; it must be an integer of at least 1"],
    [{ statisticsFraction: 0 }, "statisticsFraction is 0; it must be in (0, 1]"],
    [{ statisticsFraction: 1.1 }, "statisticsFraction is 1.1; it must be in (0, 1]"],
    [{ modelFraction: NaN }, "modelFraction is NaN; it must be in (0, 1]"],
    [{ averaging: 1 }, "averaging is 1; it must be in [0, 1)"],
    [{ normConstraint: 0 }, "normConstraint is 0; it must be positive"],
    [{ seed: 1.5 }, "seed is 1.5; it must be an integer of at least 0"],
    [{ inverse: "blockDiagonal" }, "inverse is blockDiagonal; it must be a function: blockDiagonal, say"],
    [{ fisher: "true" }, "fisher is true; it must be one of sampled, exact, curvature-propagation, empirical"],
    [{ dampingNorm: "max" }, "dampingNorm is max; it must be one of trace, frobenius, largest-eigenvalue, one"],
    [{ momentum: 0.9 }, "momentum is 0.9; it must be one of true, false"],
    [{ rejection: "no" }, "rejection is no; it must be one of true, false"],
    [{ dampedReduction: 1 }, "dampedReduction is 1; it must be one of true, false"],
  ])("%o", (options, message) => {
    expect(() => make(options)).toThrow(RangeError);
    expect(() => make(options)).toThrow(`kfac: ${message}`);
  });

  test("a name that there is not lists those that there are", () => {
    expect(() => make({ learningRate: 0.1 })).toThrow(
      /^kfac: there is no option "learningRate"; options are fisher, lambda, eta, .*, seed, gamma$/,
    );
    expect(() => make({ toString: 1 })).toThrow(/^kfac: there is no option "toString"/);
  });
});

test("an undefined option is one that was not given", () => {
  expect(make({ lambda: undefined, gamma: undefined }).options).toEqual(make({}).options);
});

test("paper holds exactly Algorithm 2's options", () => {
  expect(paper).toEqual({
    fisher: "sampled",
    lambda: 150,
    eta: 1e-5,
    dampingNorm: "trace",
    momentum: true,
    adaptLambdaEvery: 5,
    adaptGammaEvery: 20,
    invertEvery: 20,
    statisticsFraction: 1 / 8,
    modelFraction: 1 / 4,
    averaging: 0,
    rejection: false,
    normConstraint: Infinity,
    dampedReduction: true,
  });
  expect(make({ ...paper, lambda: 1 }).options).toMatchObject({ ...paper, lambda: 1 });
  expect(make({}).options).toEqual(defaults);
});

test("γ starts at √(λ + η) unless it is given", () => {
  expect(make({ ...paper, lambda: 2, eta: 0.25 }).gamma).toBe(1.5);
  expect(make({ ...paper, gamma: 3 }).gamma).toBe(3);
});
