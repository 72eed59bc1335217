import { figure } from "../report/figure.js";
import { blockMap, blockMeans, heatMap, pictureRow, SIDE, type BlockMatrix, type Scale } from "../report/heatmap.js";
import { html, Html } from "../report/html.js";
import { page } from "../report/page.js";
import { table } from "../report/table.js";
import { absolute, absoluteDifference, norm, sharesOf } from "./compare.js";
import { relativeError, type Findings } from "./run.js";

const F = html`<i>F</i>`;
const TILDE = html`<i>F̃</i>`;
const FULL = html`<i>F̃</i><sup>−1</sup>`;
const DIAGONAL = html`<i>F̆</i><sup>−1</sup>`;
const TRIDIAGONAL = html`<i>F̂</i><sup>−1</sup>`;

export function renderFisher(findings: Findings): string {
  const { widths, cases, layers, training, options } = findings;
  const [first, last] = [layers.first + 1, layers.last + 1];
  return page({
    title: "The Fisher of a network’s middle layers, and its inverses",
    summary: [
      `The tanh network ${widths.join("-")} with a softmax on top classifies ${cases.toLocaleString("en")} digits of the mnist package, averaged by area from 28 × 28 down to ${options.side} × ${options.side} pixels.`,
      `${training.iterations} iterations of batch K-FAC took its training error to ${percent(training.errorRate)} (loss ${figure(training.loss)}).`,
      `All matrices are of layers ${first} to ${last} together (${(findings.edges.at(-1) ?? 0).toLocaleString("en")} parameters), over the same cases, with exact expectations over y, in float64 (seed ${options.seed}).`,
    ].join(" "),
    body: [
      html`<h2>The Fisher and its Kronecker factorisation</h2>`,
      fisherRow(findings),
      html`<h2>The inverse, block by block</h2>`,
      inverseRow(findings),
      html`<h2>Two approximate inverses</h2>`,
      ...approximationRows(findings),
      html`<h2>At other dampings</h2>`,
      comparisonTable(findings),
      shareTable(findings),
    ],
  });
}

/** As figure 2 of the paper. */
function fisherRow(findings: Findings): Html {
  const { exact, kronecker } = findings.fisher;
  const matrices = [absolute(exact), absolute(kronecker), absoluteDifference(exact, kronecker)];
  const scale = scaleFor(matrices[0], "absolute value of an entry");
  const titles = [html`|${F}|, exact`, html`|${TILDE}|`, html`|${F} − ${TILDE}|`];
  const shares = sharesOf(exact, findings.edges);
  return pictureRow(
    matrices.map((values, i) => heatMap(blocks(findings, values), scale, titles[i])),
    scale,
    html`The exact Fisher, its block-wise Kronecker-factored approximation ${TILDE}, and the absolute difference (§3, as
    in figure 2 of the paper), on one colour scale. ‖${F} − ${TILDE}‖ / ‖${F}‖ =
    ${figure(relativeError(findings.fisher))} in the Frobenius norm, with ‖${F}‖ = ${figure(norm(exact))}. Of ‖${F}‖²,
    ${percent(shares.diagonal)} lies in the blocks on the diagonal. ${howToRead(findings)}`,
  );
}

/** As figure 3. */
function inverseRow(findings: Findings): Html {
  const { inverses, edges, options, fisher } = findings;
  const inverse = blocks(findings, absolute(inverses.full));
  const kronecker = blocks(findings, absolute(fisher.kronecker));
  const scale = scaleFor(absolute(inverses.full), "absolute value of an entry, on the left");
  const shares = sharesOf(inverses.full, edges);
  return pictureRow(
    [
      heatMap(inverse, scale, html`|${FULL}|`),
      blockMap(kronecker, meanScale(kronecker), html`|${TILDE}|, mean of each block`),
      blockMap(inverse, meanScale(inverse), html`|${FULL}|, mean of each block`),
    ],
    scale,
    html`The inverse of ${TILDE} as one matrix, with factored Tikhonov damping γ = ${options.gamma} (§6.3) on its
    diagonal blocks, beside the mean absolute value of each block of ${TILDE} and of ${FULL} (as in figure 3 of the
    paper), each of these two on a scale of its own, from 0 (black) to its largest mean (pale yellow). The block
    farthest from the diagonal has ${percent(cornerShare(kronecker))} of the mean of those on it in ${TILDE}, and
    ${percent(cornerShare(inverse))} in ${FULL}. Of ‖${FULL}‖², ${percent(shares.diagonal)} lies in the blocks on the
    diagonal, ${percent(shares.neighbours)} in those next to it and ${percent(shares.others)} in all others.`,
  );
}

/** The mean of the corner block over that of the blocks on the diagonal. */
function cornerShare(matrix: BlockMatrix): number {
  const means = blockMeans(matrix);
  const diagonal = means.reduce((sum, row, i) => sum + row[i], 0) / means.length;
  return means[0][means.length - 1] / diagonal;
}

/** As figures 5 and 6. */
function approximationRows(findings: Findings): Html[] {
  const { full, diagonal, tridiagonal } = findings.inverses;
  const inverses = [full, diagonal, tridiagonal].map(absolute);
  const scale = scaleFor(inverses[0], "absolute value of an entry");
  const names = [html`|${FULL}|`, html`|${DIAGONAL}|, block-diagonal`, html`|${TRIDIAGONAL}|, block-tridiagonal`];
  const errors = [diagonal, tridiagonal].map((approximation) => absoluteDifference(full, approximation));
  const errorScale = scaleFor(errors[0], "absolute error of an entry");
  const errorNames = [html`Diag: |${FULL} − ${DIAGONAL}|`, html`Triag: |${FULL} − ${TRIDIAGONAL}|`];
  const maps = errors.map((values) => blocks(findings, values));
  const errorMeans = meanScale(maps[0]);
  const [e, t] = errors.map(norm);
  return [
    pictureRow(
      inverses.map((values, i) => heatMap(blocks(findings, values), scale, names[i])),
      scale,
      html`${FULL}, and the two inverses that K-FAC can afford, on one scale.`,
    ),
    pictureRow(
      maps.map((map, i) => heatMap(map, errorScale, errorNames[i])),
      errorScale,
      html`What each leaves out, on one scale: ‖${FULL} − ${DIAGONAL}‖ = ${figure(e)} and ‖${FULL} − ${TRIDIAGONAL}‖ =
      ${figure(t)}, ${figure(t / e)} of it; ‖${FULL}‖ = ${figure(norm(full))}.`,
    ),
    pictureRow(
      maps.map((map, i) => blockMap(map, errorMeans, html`${errorNames[i]}, mean of each block`)),
      errorMeans,
      html`The mean of each block of these errors, on one scale.`,
    ),
  ];
}

function comparisonTable({ comparisons, training }: Findings): Html {
  return table({
    caption: `Frobenius norms at each damping γ; ${short(training.gamma)} is the γ that K-FAC had come to in training. In the last column, below ½ means that the block-tridiagonal inverse is more than twice as near.`,
    head: ["γ", "‖F̃⁻¹‖", "‖F̃⁻¹ − F̆⁻¹‖", "‖F̃⁻¹ − F̂⁻¹‖", "F̆ relative", "F̂ relative", "F̂ over F̆"],
    rows: comparisons.map(({ gamma, norm, diagonalError, tridiagonalError }) => [
      short(gamma),
      ...[norm, diagonalError, tridiagonalError].map(figure),
      ...[diagonalError / norm, tridiagonalError / norm, tridiagonalError / diagonalError].map(figure),
    ]),
    numbers: true,
  });
}

function shareTable({ comparisons }: Findings): Html {
  return table({
    caption:
      "How ‖F̃⁻¹‖² divides between its blocks, and what share of the weight off the diagonal blocks lies next to them.",
    head: ["γ", "on the diagonal", "next to it", "all others", "of the rest, next to it"],
    rows: comparisons.map(({ gamma, shares: { diagonal, neighbours, others } }) => [
      short(gamma),
      ...[diagonal, neighbours, others, neighbours / (neighbours + others)].map(percent),
    ]),
    numbers: true,
  });
}

/** A setting as it was given: 0.001 and not 0.001000. */
const short = (value: number): string => String(Number(value.toPrecision(4)));

const percent = (share: number): string => `${figure(100 * share)} %`;

function blocks({ edges, layers }: Findings, values: Float64Array): BlockMatrix {
  const names = edges.slice(1).map((_, i) => String(layers.first + 1 + i));
  return { values, edges, names };
}

/** The share of entries that keep their own colour; the largest would leave the others black. */
const SHOWN = 0.995;

function scaleFor(values: Float64Array, title: string): Scale {
  const sorted = values.toSorted();
  return { most: sorted[Math.floor(SHOWN * (sorted.length - 1))] || 1, title };
}

function meanScale(matrix: BlockMatrix): Scale {
  return { most: Math.max(...blockMeans(matrix).flat()) || 1, title: "mean absolute value in a block" };
}

function howToRead({ edges }: Findings): string {
  const width = Math.ceil((edges.at(-1) ?? 0) / SIDE);
  const pixel = width > 1 ? `A pixel is the mean of ${width} × ${width} entries. ` : "";
  return `${pixel}Dashed lines part the layers, which are numbered. A row’s scale ends where ${short(100 * (1 - SHOWN))} % of the entries of its first matrix lie above.`;
}
