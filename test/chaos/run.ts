import { parseArgs } from "node:util";
import { runChaos } from "./chaos.ts";

// `npm run chaos`: `auto` requests to providers that fail in every documented way. Ends with 1 where an invariant broke.
const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    timeout: { type: "string", default: "1000" },
    help: { type: "boolean", default: false },
  },
});
const [requests, seed, attemptTimeoutMs] = [values.requests, values.seed, values.timeout].map(Number) as [
  number,
  number,
  number,
];
if (values.help || !(requests > 0 && Number.isInteger(seed) && attemptTimeoutMs >= 100)) {
  console.log(`npm run chaos -- [options]
  --requests <n>  auto requests altogether (default 10000)
  --seed <n>      of everything that is drawn (default 1)
  --timeout <ms>  ATTEMPT_TIMEOUT_MS of the Worker (default 1000)`);
  process.exit(values.help ? 0 : 2);
}

process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
const report = await runChaos({
  requests,
  seed,
  attemptTimeoutMs,
  onRound: (done) => {
    if (done % 1000 === 0) console.error(`${done} requests`);
  },
});
const { ends, behaviors, broken, attempts, mostAttempts, lateAnswers, seconds } = report;
console.table(ends);
console.table(Object.fromEntries([...behaviors].sort(([, a], [, b]) => b - a)));
console.log(
  `${report.requests} requests, ${attempts} attempts, ${mostAttempts} at most for one, ` +
    `${lateAnswers} answered by the fourth or a later one, ${Math.round(seconds)} s`,
);
console.log(broken.length === 0 ? "All invariants held." : `Broken:\n${broken.slice(0, 50).join("\n")}`);
process.exit(broken.length === 0 ? 0 : 1);
