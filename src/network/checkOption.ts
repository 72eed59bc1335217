/** @throws RangeError unless the option's value is one that `holds`. */
export function checkOption<V>(
  operation: string,
  name: string,
  value: V,
  range: string,
  holds: (value: V) => boolean,
): void {
  if (!holds(value)) throw new RangeError(`${operation}: ${name} is ${String(value)}; it must be ${range}`);
}

/** @throws RangeError for an option that there is not. */
export function checkOptionNames(operation: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new RangeError(`${operation}: there is no option "${name}"; options are ${known.join(", ")}`);
}
