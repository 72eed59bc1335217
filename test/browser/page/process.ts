/** What suites and jest's `expect` use of Node's `process`; the bundler puts it in their place, and `globalThis` has none. */
export const process = {
  env: {},
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
