/** `?gpu=webgl2` in a page's address runs its suites on gpu.js in that mode, as the variable does in Node. */
const mode = new URLSearchParams(globalThis.location.search).get("gpu");

/** What suites and jest's `expect` use of Node's `process`; the bundler puts it in their place, and `globalThis` has none. */
export const process = {
  env: mode === null ? {} : { KRONFAC_GPU: mode },
  platform: "browser",
  cwd: (): string => "/",
  on(_: "unhandledRejection", listener: (reason: unknown) => void): void {
    const listenHere = (event: PromiseRejectionEvent) => listener(event.reason);
    listening.set(listener, listenHere);
    addEventListener("unhandledrejection", listenHere);
  },
  off(_: "unhandledRejection", listener: (reason: unknown) => void): void {
    const listenHere = listening.get(listener);
    if (listenHere !== undefined) removeEventListener("unhandledrejection", listenHere);
  },
};

const listening = new Map<(reason: unknown) => void, (event: PromiseRejectionEvent) => void>();
