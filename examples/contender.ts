import type { KfacOptions, InverseStrategy } from "kronfac";

/** An optimizer that takes part in a comparison. */
export interface Contender<Family extends string = string> {
  readonly family: Family;
  /** What the trace calls it: its family, with what sets it apart where there are several of one. */
  readonly name: string;
  /** Of K-FAC alone. */
  readonly kfac?: KfacOptions;
}

/** K-FAC with each inverse, and once more without momentum where that is asked for. */
export function kfacContenders<Name extends string>(
  options: KfacOptions,
  strategies: Readonly<Record<Name, InverseStrategy>>,
  { inverses, withoutMomentum }: { readonly inverses: readonly Name[]; readonly withoutMomentum: boolean },
): Contender<"kfac">[] {
  const several = inverses.length > 1;
  const contenders = inverses.map((inverse) => ({
    family: "kfac" as const,
    name: several ? `kfac-${inverse}` : "kfac",
    kfac: { ...options, inverse: strategies[inverse] },
  }));
  const plain = contenders.map(({ family, name, kfac }) => ({
    family,
    name: `${name}-no-momentum`,
    kfac: { ...kfac, momentum: false },
  }));
  return withoutMomentum ? [...contenders, ...plain] : contenders;
}

/** What the report calls it: "kfac-block-diagonal-no-momentum" is "K-FAC, block-diagonal, no momentum". */
export function nameOf(name: string): string {
  const known: Readonly<Record<string, string>> = {
    kfac: "K-FAC",
    adam: "Adam",
    sgd: "SGD with Nesterov momentum",
    natural: "natural gradient",
  };
  if (name in known || !name.startsWith("kfac-")) return known[name] ?? name;
  const inverse = name.slice("kfac-".length).replace(/-?no-momentum$/, "");
  return ["K-FAC", inverse, name.endsWith("no-momentum") ? "no momentum" : ""].filter((part) => part !== "").join(", ");
}
