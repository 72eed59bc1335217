import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../usage-error.js";
import { html, Html } from "./html.js";

export interface Page {
  readonly title: string;
  /** A sentence or two under the title. */
  readonly summary: string;
  /** What follows, headings and all. */
  readonly body: readonly Html[];
}

/** A whole document that needs no network and runs no script. */
export function page({ title, summary, body }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${summary}</p>
          ${body}
        </main>
      </body>
    </html> `.text;
}

/** Writes `report.html`. Returns its path. */
export function writePage(directory: string, text: string): string {
  return write(directory, "report.html", text);
}

/** Writes numbers beside the page, with null for one that is not finite. Returns the path. */
export function writeNumbers(directory: string, name: string, numbers: unknown): string {
  return write(directory, name, `${JSON.stringify(numbers)}\n`);
}

/** Before the work, not after it. @throws UsageError where --out names no directory that can be made. */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new UsageError(`--out ${path}: cannot be made (${code}); give a directory that can be written to`);
  }
}

function write(directory: string, name: string, text: string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

const STYLE = new Html(`
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      body { margin: 0; }
      main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
      h1 { line-height: 1.2; }
      h2 { margin-top: 2.5rem; }
      sup { line-height: 0; }
      figure { margin: 1.5rem 0; }
      figcaption, caption { text-align: left; opacity: 0.8; font-size: 0.9rem; }
      figure svg { display: block; max-width: 100%; height: auto; }
      .wide { overflow-x: auto; }
      .wide + .wide { margin-top: 1.5rem; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      caption { padding-bottom: 0.5rem; }
      th, td { padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top; }
      thead th, tbody th { text-align: left; font-weight: 600; }
      .numbers { font-size: 0.875rem; }
      .numbers th, .numbers td { padding-right: 0.6rem; }
      .numbers td, .numbers thead th:not(:first-child) { text-align: right; }
      .heat { width: min(98vw, 86rem); margin-left: 50%; transform: translateX(-50%); }
      .heat figcaption { max-width: 60rem; margin: 0.5rem 0 0 22px; }
      .heat .row { display: flex; flex-wrap: wrap; gap: 0.4rem; }
      .heat .picture { flex: 1 1 18rem; max-width: 28rem; }
      .heat .picture p { margin: 0 0 0.25rem 22px; }
      .heat svg { display: block; max-width: 100%; height: auto; }
      .heat svg text { font-size: 13px; fill: currentColor; text-anchor: middle; }
      .heat svg .end { text-anchor: end; }
      .heat svg .light { fill: #fff; }
      .heat svg .dark { fill: #000; }
      .heat svg.scale { margin: 0.5rem 0 0 2px; }
      .heat image { image-rendering: pixelated; }
      .pictures td { padding-right: 0; }
      .pictures img { display: block; width: 100%; min-width: 20rem; image-rendering: pixelated; }
    `);
