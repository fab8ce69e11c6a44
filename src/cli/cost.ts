import { type Command, InvalidArgumentError } from "commander";
import { print } from "./output.ts";
import { parsePositive, parseShare } from "./parse-number.ts";
import { formatTable } from "./table.ts";

interface Traffic {
  /** A month. */
  readonly decisions: number;
  /** Of a prompt. */
  readonly tokens: number;
  /** Share of decisions that get feedback. */
  readonly feedback: number;
  /** That are alive around the clock. */
  readonly isolates: number;
  /** How many times the CPU that was measured a decision takes. */
  readonly slowdown: number;
}

/** Cloudflare's list prices of Workers Paid, read in November 2026: USD a month, what it includes, USD a million beyond. */
const PLAN_USD = 5;
const prices = {
  requests: { included: 10e6, usdPerMillion: 0.3 },
  cpu_ms: { included: 30e6, usdPerMillion: 0.02 },
  analytics_points: { included: 10e6, usdPerMillion: 0.25 },
  d1_rows_written: { included: 50e6, usdPerMillion: 1 },
  kv_reads: { included: 10e6, usdPerMillion: 0.5 },
} as const;
type Meter = keyof typeof prices;

/** CPU of a decision in ms, HTTP included, by a line through what `npm run bench` measured (docs/performance.md, "Speed"). */
const backends: Readonly<Record<string, { readonly ms: number; readonly msPerToken: number }>> = {
  onnx: { ms: 2.6, msPerToken: 0.64 },
  simd: { ms: 1.1, msPerToken: 0.35 },
  lexical: { ms: 1.1, msPerToken: 0 },
};
/** The encoder reads no more in order. */
const TOKEN_CAP = 128;
/** A row and its three indexes. */
const ROWS_PER_FEEDBACK = 4;
/** Each isolate reads the pointer every 30 seconds. */
const POINTER_READS = (30.4 * 24 * 3600) / 30;

/** `cost`: what Cloudflare takes for so many decisions. */
export function registerCost(program: Command): void {
  program
    .command("cost")
    .description("what Cloudflare takes for a month of decisions, with each backend; models are paid apart")
    .requiredOption("--decisions <count>", "decisions a month, such as 250k or 10M", parseCount)
    .option("--tokens <count>", "of a prompt", parsePositive, 64)
    .option("--feedback <share>", "share of decisions that get feedback", parseShare, 0.1)
    .option("--isolates <count>", "isolates that live around the clock", parsePositive, 50)
    .option(
      "--slowdown <factor>",
      "CPU of Cloudflare's cores against those that were measured",
      parsePositive,
      2,
    )
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  signalbox cost --decisions 10M --tokens 64`,
    )
    .action(tellCost);
}

function tellCost({ json, ...traffic }: Traffic & { readonly json?: boolean }): void {
  const costs = Object.keys(backends).map((backend) => costOf(backend, traffic));
  if (json) {
    print(JSON.stringify({ ...traffic, plan_usd: PLAN_USD, backends: costs }, null, 2));
    return;
  }
  const columns = [
    { title: "USD a month" },
    ...costs.map(({ backend }) => ({ title: backend, isNumber: true })),
    { title: "included", isNumber: true },
  ];
  const rows = Object.entries(prices).map(([meter, { included }]) => [
    meter.replaceAll("_", " "),
    ...costs.map(({ usd }) => usd[meter as Meter].toFixed(2)),
    `${included / 1e6}M`,
  ]);
  const plan = ["Workers Paid", ...costs.map(() => PLAN_USD.toFixed(2)), ""];
  const total = ["together", ...costs.map(({ total_usd }) => total_usd.toFixed(2)), ""];
  print(formatTable(columns, [plan, ...rows, total], "").join("\n"));
  const cpu = costs.map(({ backend, cpu_ms }) => `${backend} ${cpu_ms.toFixed(1)}`).join(", ");
  print(`CPU of a decision in ms: ${cpu}; measured on a server core, times ${traffic.slowdown}.`);
}

/** USD a month by meter, beyond what the plan includes. */
export function costOf(backend: string, { decisions, tokens, feedback, isolates, slowdown }: Traffic) {
  const { ms = 0, msPerToken = 0 } = backends[backend] ?? {};
  const cpu_ms = slowdown * (ms + msPerToken * Math.min(tokens, TOKEN_CAP));
  const used: Readonly<Record<Meter, number>> = {
    requests: decisions,
    cpu_ms: decisions * cpu_ms,
    analytics_points: decisions,
    d1_rows_written: decisions * feedback * ROWS_PER_FEEDBACK,
    kv_reads: isolates * POINTER_READS,
  };
  const usdOf = (meter: Meter) =>
    (Math.max(0, used[meter] - prices[meter].included) / 1e6) * prices[meter].usdPerMillion;
  const usd = Object.fromEntries(
    Object.keys(prices).map((meter) => [meter, usdOf(meter as Meter)]),
  ) as Record<Meter, number>;
  return { backend, cpu_ms, usd, total_usd: Object.values(usd).reduce((sum, each) => sum + each, PLAN_USD) };
}

/** A number, with k or M for thousands or millions. */
function parseCount(text: string): number {
  const [, digits = "", unit = ""] = /^([\d.,_]+)\s*([kM]?)$/.exec(text) ?? [];
  const number = Number(digits.replaceAll(/[,_]/g, "")) * { "": 1, k: 1e3, M: 1e6 }[unit as "" | "k" | "M"];
  if (digits !== "" && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It must be a count such as 50000, 250k or 10M.");
}
