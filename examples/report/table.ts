import { html, type Html } from "./html.js";

export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  /** A row begins with its heading; a cell that is missing shows as a dash. */
  readonly rows: readonly (readonly (string | number | undefined)[])[];
  /** Cells are numbers, to be read down a column; lines do not break at their signs. */
  readonly numbers?: boolean;
}

/** A minus instead of a hyphen before a digit: −0.5, 2.25e−4. */
const withMinus = (cell: string): string => cell.replace(/(^|[\s(e])-(?=\d)/g, "$1−");

export function table({ caption, head, rows, numbers = false }: Table): Html {
  return html`<div class="wide">
    <table class="${numbers ? "numbers" : "words"}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([heading = "–", ...cells]) =>
            html`<tr>
              <th scope="row">${heading}</th>
              ${cells.map((cell) => html`<td>${numbers && typeof cell === "string" ? withMinus(cell) : (cell ?? "–")}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
