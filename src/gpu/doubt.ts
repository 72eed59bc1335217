/** What makes a result's numbers worthless, found out after the launch; undefined where nothing does. */
export type Check = () => Promise<Error | undefined>;

/** A question about numbers that nobody has read yet: were they computed? It is settled once, at the first read that needs it. */
export class Doubt {
  readonly #check: Check;
  #answer: Promise<Error | undefined> | undefined;
  /** Whether the answer was that all is well. */
  settled = false;

  constructor(check: Check) {
    this.#check = check;
  }

  ask(): Promise<Error | undefined> {
    return (this.#answer ??= this.#check().then((error) => {
      this.settled = error === undefined;
      return error;
    }));
  }
}
