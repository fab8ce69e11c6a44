import { parseArgs } from "node:util";
import { frontDoorName, fuzzFrontDoor } from "./front-door.ts";
import type { FuzzReport } from "./fuzz-target.ts";
import { fuzzInThread } from "./in-thread.ts";
import { keepSeed } from "./seeds.ts";
import { targets } from "./targets.ts";

// `npm run fuzz -- --help` says what it takes. What breaks a reader is kept in test/fuzz/seeds and tried first from then
// on, also by `npm test`.
const help = `npm run fuzz -- [options]
  --runs <count>      inputs for each target (default 5000)
  --minutes <count>   ends after this time in place of a number of inputs; it is shared by the targets
  --seed <number>     default: the time
  --only <targets>    ${[...targets.map(({ name }) => name), frontDoorName].join(", ")}`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5000" },
    minutes: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const names = [...targets.map(({ name }) => name), frontDoorName];
const only = values.only?.split(",") ?? names;
const unknown = only.find((name) => !names.includes(name));
const seed = Number(values.seed);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
if (unknown !== undefined || !Number.isSafeInteger(seed) || !(Number(values.runs) > 0) || minutes === 0) {
  console.error(unknown === undefined ? help : `There is no target ${unknown}.\n${help}`);
  process.exit(2);
}

const budget =
  minutes === undefined
    ? { runs: Number(values.runs) }
    : { runs: Number.MAX_SAFE_INTEGER, milliseconds: (minutes * 60_000) / only.length };
console.log(`seed ${seed}`);
const reports: FuzzReport[] = [];
for (const target of only) {
  const report =
    target === frontDoorName
      ? await fuzzFrontDoor({ seed, ...budget, runs: Math.min(budget.runs, 5000) })
      : await fuzzInThread({ target, seed, ...budget });
  reports.push(report);
  // At once, so that nothing is lost where a later target ends it all.
  console.log(
    `${target}: ${report.tried} tried, ${report.accepted} accepted, ${report.broken.length} failures`,
  );
  for (const { input, error } of report.broken) {
    if (target !== frontDoorName) keepSeed(target, input, error);
    console.log(
      `\n${target}: ${error}\n  input (base64): ${Buffer.from(input).toString("base64").slice(0, 400)}`,
    );
  }
}
console.table(
  reports.map(({ target, tried, accepted, refused, broken, corpus, slowestMs }) => ({
    target,
    tried,
    accepted,
    "refused by code": Object.entries(refused)
      .toSorted(([, a], [, b]) => b - a)
      .map(([code, count]) => `${code} ${count}`)
      .join(", "),
    "new paths": corpus,
    "slowest ms": Math.round(slowestMs),
    failures: broken.length,
  })),
);
const failures = reports.reduce((sum, { broken }) => sum + broken.length, 0);
console.log(`${reports.reduce((sum, { tried }) => sum + tried, 0)} inputs, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
