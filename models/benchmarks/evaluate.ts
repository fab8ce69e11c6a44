/**
 * Reruns the tables of docs/evaluation.md from the benchmark files: `npm run evaluate [suites...]`. Tables, figures and
 * reports go to dist/evaluation.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { benchmarkFile, type Suite, suiteNames } from "./suites.ts";

const prices: Partial<Record<Suite, URL>> = {
  llmrouter: new URL("./llmrouter-prices.json", import.meta.url),
};
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !suiteNames.some((suite) => suite === name));
if (unknown !== undefined)
  throw new RangeError(`there is no suite "${unknown}"; there are ${suiteNames.join(", ")}`);

for (const suite of suiteNames.filter((name) => asked.length === 0 || asked.includes(name))) {
  for (const protocol of ["cv", "loto"]) {
    const name = `dist/evaluation/${suite}.${protocol}`;
    const priceList = prices[suite];
    const args = [
      ...["evaluate", fileURLToPath(benchmarkFile(suite)), "--protocol", protocol, "--suite", suite],
      ...["--json", `${name}.json`, "--html", `${name}.html`, "--markdown", `${name}.md`],
      ...["--experiments", "paper,few-labels,hidden-blocks"],
      ...(priceList === undefined ? [] : ["--prices", fileURLToPath(priceList)]),
    ];
    const { status } = spawnSync(process.execPath, [main, ...args], { stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
}
