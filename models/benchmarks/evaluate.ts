/**
 * Reruns the tables of docs/evaluation.md from the benchmark files: `npm run evaluate [suites...]`. Figures and reports
 * go to dist/evaluation, tables into the page too.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { benchmarkFile, type Suite, suiteNames } from "./suites.ts";

interface Run {
  readonly suite: Suite;
  /** Name of the output files. */
  readonly name: string;
  readonly options: readonly string[];
}

const prices = fileURLToPath(new URL("./llmrouter-prices.json", import.meta.url));
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const experiments = ["--experiments", "paper,few-labels,hidden-blocks,new-model"];

// The others are too small, or too sparse, to be cut up for themselves.
const whole: readonly Suite[] = ["llmrouter", "mmlu-pro", "reasoning-gym", "routellm", "zeroeval"];

const runs: readonly Run[] = [
  ...whole.flatMap((suite) =>
    ["cv", "loto"].map(
      (protocol): Run => ({
        suite,
        name: `${suite}.${protocol}`,
        options: [
          "--protocol",
          protocol,
          ...["--routers", "all"],
          ...experiments,
          ...(suite === "llmrouter" ? ["--prices", prices] : []),
        ],
      }),
    ),
  ),
  // Most of its models miss whole tasks: what the hidden blocks are about.
  {
    suite: "zeroeval",
    name: "zeroeval.sparse",
    options: [
      ...["--protocol", "cv", "--min-coverage", "0.06", "--experiments", "hidden-blocks"],
      ...["--routers", "landmark-heads,ridge,knn-50"],
    ],
  },
];

const asked = process.argv.slice(2);
const unknown = asked.find((suite) => suite !== "loso" && !whole.some((known) => known === suite));
if (unknown !== undefined) {
  throw new RangeError(
    `there is no suite "${unknown}"; there are ${whole.join(", ")}, and loso for all together`,
  );
}
for (const { suite, name, options } of runs) {
  if (asked.length > 0 && !asked.includes(suite)) continue;
  const output = `dist/evaluation/${name}`;
  const args = [
    ...[main, "evaluate", fileURLToPath(benchmarkFile(suite)), "--suite", suite, ...options],
    ...["--json", `${output}.json`, "--html", `${output}.html`, "--markdown", `${output}.md`],
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
if (asked.length === 0 || asked.includes("loso")) {
  // RouteLLM's two models ran nothing else.
  const joined = suiteNames.filter((suite) => suite !== "routellm");
  const catalogue = fileURLToPath(new URL("../default/catalogue.json", import.meta.url));
  const parsed = parseCatalogue(readFileSync(catalogue));
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const current = Object.entries(parsed.value.models).flatMap(([model, { released }]) =>
    released !== undefined && released > "2025-08" ? [model] : [],
  );
  const otherNames = fileURLToPath(new URL("./names.json", import.meta.url));
  const output = "dist/evaluation/loso";
  const args = [
    ...[main, "evaluate", ...joined.map((suite) => fileURLToPath(benchmarkFile(suite)))],
    ...["--protocol", "loso", "--catalogue", catalogue, "--names", otherNames, "--models", current.join(",")],
    // Seven fits on all prompts take half an hour, and what is learned of other suites changes little beyond this.
    ...["--most-prompts", "2000"],
    ...["--json", `${output}.json`, "--html", `${output}.html`, "--markdown", `${output}.md`],
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
await import("./fill-tables.ts");
