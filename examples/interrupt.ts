/** 128 + SIGINT, what a shell expects of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * A signal that the first Ctrl-C aborts; the second ends the process, as the first would have. The process must be node's own
 * (`node --import tsx`): the `tsx` command kills one that does not answer Ctrl-C at once, as in the middle of a step.
 */
export function onInterrupt(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const interrupt = () => {
    process.exitCode = INTERRUPTED;
    process.stderr.write("\nstopping after this iteration, then the report; Ctrl-C again to leave without it\n");
    controller.abort();
  };
  process.once("SIGINT", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.removeListener("SIGINT", interrupt),
  };
}
