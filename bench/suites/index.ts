import type { Case } from "../case.js";
import type { Coverage } from "../sizes.js";
import { choleskyCases, eigenCases } from "./factorization.js";
import { inversion } from "./inversion.js";
import { kroneckerApplication } from "./kronecker.js";
import { grams, products } from "./products.js";
import { refresh } from "./refresh.js";
import { steps } from "./step.js";

/** Every case that a run covers, suite by suite. */
export function allCases(coverage: Coverage): Case[] {
  const suites = [products, grams, choleskyCases, inversion, eigenCases, kroneckerApplication, refresh, steps];
  return suites.flatMap((suite) => suite(coverage));
}
