import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { measureColdStart } from "./cold-start.ts";
import { measureCpu } from "./cpu.ts";
import { ISOLATE_MEGABYTES, measureHostileBodies } from "./hostile-bodies.ts";
import { measureLatency } from "./latency.ts";
import { measureLearning } from "./learning.ts";
import { measureLoad, measureSoak } from "./load.ts";
import { measureBundles, measureMemory } from "./memory.ts";
import { measureParallelBodies } from "./parallel-bodies.ts";
import { type BackendName, createSubject, type Subject } from "./subjects.ts";
import { checkTexts } from "./texts.ts";

// `npm run bench -- --help` says what it takes. Everything runs on 127.0.0.1.
const help = `npm run bench -- [options]
  --quick            fewer rounds: under a minute
  --backends <names> onnx,simd,lexical
  --only <parts>     latency,cold,load,soak,memory,bodies,hostile,learning (the last five only where named)
  --against <rev>    the same backends of another git revision beside, taking turns
  --json <file>      figures as JSON`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    backends: { type: "string", default: "onnx,simd,lexical" },
    only: { type: "string", default: "latency,cold,load" },
    against: { type: "string" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(help);
  process.exit(0);
}

process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const parts = options.only.split(",");
const backends = options.backends.split(",") as BackendName[];

await checkTexts();
const checkout = options.against === undefined ? undefined : await checkOut(options.against);
const subjects: Subject[] = [];
for (const backend of backends) {
  subjects.push(await createSubject(backend, backend, root));
  if (checkout !== undefined) {
    subjects.push(await createSubject(`${backend} ${options.against}`, backend, checkout));
  }
}

const report: Record<string, unknown> = {
  machine: describeMachine(),
  revision: await revision(),
  ...options,
};
if (parts.includes("cold")) {
  const cold = await measureColdStart(subjects, { rounds: options.quick ? 1 : 9, seconds: 90 });
  report["cold"] = cold;
  console.log(
    "\nCold start, ms (steps one after the other, in another process), and MB beyond a Worker that only reads KV",
  );
  console.table(cold.map(({ steps, ...row }) => ({ ...row, ...steps })));
}
if (parts.includes("latency")) {
  const latency = await measureLatency(subjects, {
    rounds: options.quick ? 5 : 100,
    seconds: options.quick ? 10 : 120,
  });
  report["latency"] = latency;
  console.log("\nDecisions over HTTP one at a time, and the bare encoder in the isolate, warm, ms");
  console.table(latency);
}
if (parts.includes("cpu")) {
  const cpu = await measureCpu(subjects, options.quick ? 3 : 9);
  report["cpu"] = cpu;
  console.log("\nCPU ms of a decision of 64 tokens, of the whole workerd process");
  console.table(cpu);
}
if (parts.includes("load")) {
  const load = await measureLoad(subjects, options.quick ? 1 : 4);
  report["load"] = load;
  console.log("\nSustained load, 64 tokens, ms; MB of the workerd process");
  console.table(load);
}
if (parts.includes("soak")) {
  const soak = [];
  for (const subject of [undefined, ...subjects]) soak.push(...(await measureSoak(subject, 20_000)));
  report["soak"] = soak;
  console.log("\n20,000 decisions, 16 tokens, ms; MB of the workerd process");
  console.table(soak);
}
if (parts.includes("memory")) {
  const memory = await measureMemory(subjects, options.quick ? 2_000 : 20_000);
  const bundles = await measureBundles(subjects);
  report["memory"] = { memory, bundles };
  console.log("\nMemory of the isolate, MB: held after garbage collection, and the peak before it");
  console.table(memory);
  console.table(bundles);
}
if (parts.includes("bodies")) {
  const bodies = await measureParallelBodies(subjects);
  report["bodies"] = bodies;
  console.log("\nMemory of the isolate while bodies of 8 MB arrive at the same time, MB");
  console.table(bodies);
}
if (parts.includes("hostile")) {
  const hostile = await measureHostileBodies(subjects);
  report["hostile"] = hostile;
  console.log("\nMemory of the isolate under the worst of each kind of body, V8's heap limited to 80 MB, MB");
  console.table(hostile);
  if (hostile.some(({ peak }) => peak >= ISOLATE_MEGABYTES)) {
    console.log(`More than the ${ISOLATE_MEGABYTES} MB that Cloudflare gives an isolate.`);
    process.exitCode = 1;
  }
}
if (parts.includes("learning")) {
  const learning = await measureLearning(subjects[0] as Subject, options.quick ? 2_000 : 100_000);
  report["learning"] = learning;
  console.log(
    "\nLearning from grades in scheduled runs: CPU seconds of the whole workerd process, peak MB of the isolate",
  );
  console.table(learning);
}
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
await Promise.all(
  subjects.flatMap(({ state, worker }) =>
    [state, worker.folder].map((folder) => rm(folder, { recursive: true, force: true })),
  ),
);
if (checkout !== undefined) await run("git", ["worktree", "remove", "--force", checkout], { cwd: root });
process.exit();

function describeMachine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model}, Node ${process.version}`;
}

async function revision(): Promise<string> {
  return (await run("git", ["rev-parse", "--short", "HEAD"], { cwd: root })).stdout.trim();
}

/** The revision in a worktree of its own, with this checkout's packages. */
async function checkOut(name: string): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), "signalbox-rev-")), "tree");
  await run("git", ["worktree", "add", "--detach", folder, name], { cwd: root });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}
