import { prepareBootstrap } from "../../src/evaluation/metrics/bootstrap.ts";

const SEED = 0;

/** Rows of Markdown, as docs/adversarial.md has them. */
export function printTable(title: string, columns: readonly string[], rows: readonly (readonly string[])[]) {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|${columns.map(() => "---|").join("")}`;
  console.log(`\n${title}\n\n${[line(columns), rule, ...rows.map(line)].join("\n")}`);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function share<T>(list: readonly T[], holds: (item: T) => boolean): number {
  return mean(list.map((item) => Number(holds(item))));
}

/** The mean of the values that are there, as `.663`. */
export function score(values: readonly number[]): string {
  return short(mean(values.filter((value) => !Number.isNaN(value))), 3);
}

export function percent(value: number): string {
  return `${Math.round(100 * value)} %`;
}

/** `42 % (39 to 45)`: a share and its bootstrap 95 % interval over prompts. */
export function percentWithInterval(holds: readonly boolean[]): string {
  const [low, high] = interval95(holds.map(Number));
  return `${percent(mean(holds.map(Number)))} (${Math.round(100 * low)} to ${Math.round(100 * high)})`;
}

/** `-.045 (-.060 to -.031)`: the mean difference of the same prompts' scores and its bootstrap 95 % interval. */
export function change(before: readonly number[], after: readonly number[]): string {
  const differences = after.map((value, i) => value - before[i]).filter((value) => !Number.isNaN(value));
  const [low, high] = interval95(differences);
  return `${signed(mean(differences))} (${signed(low)} to ${signed(high)})`;
}

function interval95(values: readonly number[]): readonly [number, number] {
  const prompts = Int32Array.from(values, (_, i) => i);
  return prepareBootstrap(prompts, SEED).interval95(Float64Array.from(values));
}

function signed(value: number): string {
  const text = short(Math.abs(value), 3);
  return text === ".000" ? "0" : `${value < 0 ? "-" : "+"}${text}`;
}

function short(value: number, digits: number): string {
  return value.toFixed(digits).replace(/^0\./, ".");
}
