import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { round } from "../bench/statistics.ts";
import type { BackendName } from "../bench/subjects.ts";
import { hostileSoak } from "./hostile-soak.ts";
import { type SoakReport, soak } from "./soak.ts";
import { readMachine } from "./soak-worker.ts";
import { kinds } from "./traffic.ts";

// `npm run soak`: everything at once for a while, in a local workerd, and nothing lost. Ends with 1 where something was.
const help = `npm run soak -- [options]
  --minutes <n>       of traffic altogether (default 15)
  --backends <names>  lexical,simd,onnx: the first gets most of the time
  --clients <n>       each asks again as soon as it is answered (default 8)
  --pause <seconds>   between two commands of the operator (default 3)
  --hostile           good callers by themselves and beside hostile ones, in turn: who waits how long
  --json <file>       figures as JSON`;

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "15" },
    backends: { type: "string", default: "lexical,simd,onnx" },
    clients: { type: "string", default: "8" },
    pause: { type: "string", default: "3" },
    hostile: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const backends = options.backends.split(",") as BackendName[];
const [minutes, clients, pause] = [options.minutes, options.clients, options.pause].map(Number) as [
  number,
  number,
  number,
];
if (options.help || !(minutes > 0 && clients > 0 && pause >= 0)) {
  console.log(help);
  process.exit(options.help ? 0 : 2);
}

// The fast backends meet more requests a minute, and so more chances for something to go wrong.
const SHARES: Readonly<Record<BackendName, number>> = { lexical: 0.6, simd: 0.25, onnx: 0.15 };
const RECOMPUTED = 3000;
const MOST_RATIO = 2;
const whole = backends.reduce((sum, backend) => sum + SHARES[backend], 0);

process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
if (options.hostile) process.exit(await runHostile());
const machine = await readMachine();
const reports: SoakReport[] = [];
for (const backend of backends) {
  const seconds = Math.round((60 * minutes * SHARES[backend]) / whole);
  console.log(`\n${backend}, ${seconds} seconds, ${clients} clients`);
  const report = await soak({ backend, seconds, clients, pauseMs: pause * 1000, recomputed: RECOMPUTED });
  reports.push(report);
  print(report);
}
if (options.json !== undefined) {
  await writeFile(options.json, `${JSON.stringify({ machine, ...options, reports }, null, 2)}\n`);
}
const broken = reports.flatMap((report) => report.broken.map((sentence) => `${report.backend}: ${sentence}`));
console.log(broken.length === 0 ? "\nAll invariants held." : `\nBroken:\n${broken.join("\n")}`);
process.exit(broken.length === 0 ? 0 : 1);

function print(report: SoakReport): void {
  const { requests, perSecond, feedback, memory, commands, recomputed, bundles, fallbacks } = report;
  console.table(kinds.map((kind) => ({ kind, ...report.kinds[kind] })));
  console.table([
    {
      requests,
      "a second": round(perSecond),
      "not 200, broken": report.broken.filter((sentence) => sentence.startsWith("answers")).length,
      "provider faults logged": fallbacks,
    },
  ]);
  console.table([feedback]);
  console.table([{ "decided again offline": recomputed, "by bundles": bundles, ...commands }]);
  console.table([
    {
      "isolate MB, early": memory.early,
      late: memory.late,
      "MB an hour": round(memory.slopePerHour),
      samples: memory.samples,
      "workerd MB": round(memory.rss),
    },
  ]);
}

/** Half of the time without hostile callers: what these cost the others, by the backend that is named first. */
async function runHostile(): Promise<number> {
  const backend = backends[0] as BackendName;
  console.log(`\n${backend}, ${60 * minutes} seconds, ${clients} good clients; ${await readMachine()}`);
  const report = await hostileSoak({ backend, seconds: 60 * minutes, clients });
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  const rowOf = ({ calm, hostile, ratio }: (typeof report)["all"]) => ({
    "p50, p99 without": `${calm.p50}, ${calm.p99}`,
    "p50, p99 beside them": `${hostile.p50}, ${hostile.p99}`,
    "ratio of p99": round(ratio),
  });
  console.table(
    Object.fromEntries([
      ...kinds.map((kind) => [kind, rowOf(report.kinds[kind])]),
      ["all", rowOf(report.all)],
    ]),
  );
  console.log(
    `${report.requests} requests of good callers; hostile ones by status: ${JSON.stringify(report.hostile)}`,
  );
  const broken = [
    ...report.broken,
    ...(report.all.ratio > MOST_RATIO
      ? [`p99 is ${round(report.all.ratio)} times as long beside hostile callers`]
      : []),
  ];
  console.log(broken.length === 0 ? "All invariants held." : `Broken:\n${broken.join("\n")}`);
  return broken.length === 0 ? 0 : 1;
}
