import { isSuspect, placeOf, shareOfPeak, type Row } from "./row.js";

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: "left" | "right";
  readonly of: (row: Row) => string;
}

const left = (title: string, width: number, of: Column["of"]): Column => ({ title, width, align: "left", of });
const right = (title: string, width: number, of: Column["of"]): Column => ({ title, width, align: "right", of });

const columns: readonly Column[] = [
  left("suite", 11, (row) => row.suite),
  left("operation", 16, (row) => row.operation),
  right("n", 5, (row) => String(row.n)),
  left("dtype", 8, (row) => row.dtype),
  left("backend", 8, placeOf),
  left("module", 11, (row) => row.module),
  right("time", 11, (row) => duration(row.seconds)),
  right("spread", 7, (row) => percent(row.spread)),
  right("GFLOP/s", 8, (row) => row.gflops.toPrecision(3)),
  right("of peak", 8, (row) => percent(shareOfPeak(row))),
  right("peak", 6, (row) => row.peakGflops.toFixed(1)),
];

export function tableHead(): string {
  return columns.map(({ title, width, align }) => padded(title, width, align)).join(" ");
}

/** One line; a busy machine is named at its end. */
export function tableLine(row: Row): string {
  const line = columns.map(({ width, align, of }) => padded(of(row), width, align)).join(" ");
  return isSuspect(row) ? `${line}  busy machine` : line.trimEnd();
}

/** 1.234 s, 12.34 ms or 123.4 µs. */
export function duration(seconds: number): string {
  const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [seconds * 1e3, "ms"] : [seconds * 1e6, "µs"];
  return `${value.toPrecision(4)} ${unit}`;
}

/** 12 %, or a dash where there is no number. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : "–";
}

function padded(text: string, width: number, align: Column["align"]): string {
  return align === "left" ? text.padEnd(width) : text.padStart(width);
}
