import { losses } from "../training.js";

/** What a page, or a Worker that it started, computed. */
export interface Training {
  readonly losses: readonly number[];
  /** Whether the content security policy really was in force. */
  readonly evalRefused: boolean;
}

/** `?in=worker` trains in a Worker, `?in=page` on the page's main thread. */
async function training(): Promise<Training> {
  const inside = new URLSearchParams(location.search).get("in");
  return { losses: await (inside === "worker" ? inWorker(2) : losses(2)), evalRefused: refusesEval() };
}

/** The policy allows workers from blobs alone. In one, import() may load the site's own scripts; an import statement may not. */
function inWorker(threads: number): Promise<number[]> {
  const script = `import("${location.origin}/test/browser/page/trainingWorker.js").then(({ answer }) => answer(${threads}));`;
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data as number[]);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

function refusesEval(): boolean {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, no-new-func -- whether it is refused is the question
    new Function("");
    return false;
  } catch {
    return true;
  }
}

Object.assign(globalThis, { outcome: training() });
