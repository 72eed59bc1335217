import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** What makes a page cross-origin isolated, so that it may share memory between threads. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Policies as strict as kronfac lets them be, by the value of `workers` in a page's address; workers it can do without. */
const policies = {
  allowed: "script-src 'self' 'wasm-unsafe-eval'; worker-src blob:",
  refused: "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'",
} as const;
export type Workers = keyof typeof policies;

/** The policy of pages whose kernels are for a graphics card. */
const noEval = { "Content-Security-Policy": "script-src 'self'" };

/** A page that runs the module after its `?`; mocha is there for it. */
const suitePage = `<!doctype html><meta charset="utf-8"><script src="/mocha.js"></script><script type="module" src="/test/browser/page/suite.js"></script>`;
/** A page that trains, under one of the policies. */
const trainingPage = `<!doctype html><meta charset="utf-8"><script type="module" src="/test/browser/page/training.js"></script>`;

export interface Site extends AsyncDisposable {
  readonly origin: string;
}

/** Serves scripts, /suite and /training on a free local port, until it is disposed of. */
export async function serve(scripts: ReadonlyMap<string, Uint8Array>, isolated: boolean): Promise<Site> {
  const headers: OutgoingHttpHeaders = isolated ? isolation : {};
  const server = createServer(({ url = "/" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const script = scripts.get(pathname.slice(1));
    const send = (status: number, type: string, body: string | Uint8Array, more: OutgoingHttpHeaders = {}) =>
      response.writeHead(status, { ...headers, ...more, "Content-Type": type }).end(body);
    if (script !== undefined) send(200, "text/javascript", script);
    else if (pathname === "/suite") send(200, "text/html", suitePage, searchParams.has("gpu") ? noEval : {});
    else if (pathname === "/training")
      send(200, "text/html", trainingPage, {
        "Content-Security-Policy": policies[searchParams.get("workers") as Workers],
      });
    else if (pathname === "/favicon.ico") send(204, "image/x-icon", "");
    else send(404, "text/plain", `there is no ${pathname}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
