import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { unwrap } from "../../src/cli/failure.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { type Dataset, dropEmptyTasks, takePrompts } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { choose, type Grading, play } from "./traffic.ts";
import { predictorOf } from "./world.ts";

// `npm run learning`: what learning from traffic is worth. Each task of a suite is left out of training and played as
// traffic to the bundle that doesn't know it; docs/learning.md has the table.
const { values } = parseArgs({
  options: {
    suite: { type: "string", default: "llmrouter" },
    orders: { type: "string", default: "4" },
    tasks: { type: "string" },
    bundles: { type: "string" },
    known: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const root = fileURLToPath(new URL("../..", import.meta.url));
const { dataset, header } = unwrap(
  readBenchmark(await readFile(`${root}/models/benchmarks/${values.suite}.safetensors`)),
);
const encoder = { ...header.encoder, dimension: dataset.embeddings.columns };
const orders = Number(values.orders);

const plain: Grading = { graded: 1, wrong: 0, keys: 1, poison: 0, every: 20, minFeedback: 20, perKey: 1e9 };
const kinds: Readonly<Record<string, Grading>> = {
  "never learns": { ...plain, every: undefined },
  "learns every 20 requests": plain,
  "10 % of the grades wrong": { ...plain, wrong: 0.1 },
  "10 % of the requests graded": { ...plain, graded: 0.1 },
};
const windows = [
  [0, 50],
  [50, 100],
  [100, 150],
  [150, 200],
  [200, Number.POSITIVE_INFINITY],
] as const;

const KNOWN_REQUESTS = 2000;
if (values.known) {
  await playKnown();
  process.exit(0);
}

const tasks = (values.tasks?.split(",") ?? dataset.tasks).filter((task) => dataset.tasks.includes(task));
/** Sums over tasks of means over orders. */
const table = new Map<string, Float64Array>();
const counts = new Float64Array(windows.length);
const note = (name: string, w: number, mean: number) => {
  const sums = table.get(name) ?? new Float64Array(windows.length);
  table.set(name, sums);
  sums[w] = (sums[w] as number) + mean;
};
for (const task of tasks) {
  const d = dataset.tasks.indexOf(task);
  const all = Int32Array.from(dataset.ids, (_, i) => i);
  const own = all.filter((i) => dataset.taskOf[i] === d);
  const bundle = await bundleFor(
    `${values.suite}-${task.replaceAll("/", "_")}`,
    dropEmptyTasks(
      takePrompts(
        dataset,
        all.filter((i) => dataset.taskOf[i] !== d),
      ),
    ),
  );
  const base = predictorOf(bundle);
  const column = base.models.map((model) => dataset.models.indexOf(model));
  const scoreOf = (prompt: number, m: number) =>
    dataset.outcomes.data[prompt * dataset.outcomes.columns + (column[m] as number)] as number;
  const average = choose(base.priors, () => true);
  const means = base.models.map((_, m) => own.reduce((sum, i) => sum + scoreOf(i, m), 0) / own.length);
  const inWindows = (scores: Float64Array, name: string) => {
    windows.forEach(([from, to], w) => {
      const part = scores.subarray(from, Math.min(to, scores.length));
      if (part.length > 0) note(name, w, part.reduce((sum, score) => sum + score, 0) / part.length / orders);
    });
  };
  windows.forEach(([from], w) => {
    if (own.length > from) counts[w] = (counts[w] as number) + 1;
  });
  const line: string[] = [];
  for (let order = 0; order < orders; order++) {
    const drawn = permutation(own.length, seededRandom(order)).map((k) => own[k] as number);
    inWindows(
      Float64Array.from(drawn, (i) => scoreOf(i, average)),
      "best on average",
    );
    inWindows(
      Float64Array.from(drawn, () => Math.max(...means)),
      "best for the task",
    );
    for (const [name, grading] of Object.entries(kinds)) {
      if (values.only !== undefined && !values.only.split(",").some((part) => name.includes(part))) continue;
      const { scores, outcomes } = await play(bundle, dataset, drawn, grading, seededRandom(order + 1000));
      inWindows(scores, name);
      const after = scores.subarray(200);
      line.push(
        `${(after.reduce((s, v) => s + v, 0) / after.length).toFixed(3)}(${outcomes.filter(({ kind }) => kind === "published").length}/${outcomes.length})`,
      );
    }
  }
  console.error(
    `${task} ${own.length} best ${Math.max(...means).toFixed(3)} avg ${(means[average] as number).toFixed(3)}: ${line.join(" ")}`,
  );
}
console.log(
  `| | ${windows.map(([from, to]) => (to < 1e9 ? `${from + 1}-${to}` : `after ${from}`)).join(" | ")} |`,
);
console.log(`|---|${windows.map(() => "---").join("|")}|`);
for (const [name, sums] of table) {
  console.log(
    `| ${name} | ${Array.from(sums, (sum, w) => (sum / (counts[w] as number)).toFixed(3)).join(" | ")} |`,
  );
}

/** Half of the suite is learned from in training, and prompts of the other half are the traffic. */
async function playKnown(): Promise<void> {
  const prompts = Int32Array.from(dataset.ids, (_, i) => i);
  const half = (rest: number) => prompts.filter((i) => i % 2 === rest);
  const bundle = await bundleFor(`${values.suite}-half`, takePrompts(dataset, half(0)));
  const others = half(1);
  const honest: Grading = { ...plain, keys: 10, every: 100, minFeedback: 100, perKey: 50 };
  const kinds: Readonly<Record<string, Grading>> = {
    "never learns": { ...honest, every: undefined },
    "learns every 100 requests": honest,
    "one key sends 1,000 wrong grades": { ...honest, poison: 1000 },
    "the same, and each key may send any number": { ...honest, poison: 1000, perKey: 1e9 },
  };
  console.log("| 2,000 requests of known tasks | score | against never learning |");
  console.log("|---|---|---|");
  let before = 0;
  for (const [name, grading] of Object.entries(kinds)) {
    let sum = 0;
    for (let order = 0; order < orders; order++) {
      const drawn = permutation(others.length, seededRandom(order)).subarray(0, KNOWN_REQUESTS);
      const played = await play(
        bundle,
        dataset,
        drawn.map((k) => others[k] as number),
        grading,
        seededRandom(order),
      );
      sum += meanOf(played.scores);
    }
    const score = sum / orders;
    if (grading.every === undefined) before = score;
    const gain = score - before;
    console.log(`| ${name} | ${score.toFixed(4)} | ${gain < 0 ? "" : "+"}${gain.toFixed(4)} |`);
  }
}

function meanOf(scores: Float64Array): number {
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

async function bundleFor(name: string, train: Dataset): Promise<Uint8Array> {
  const file = values.bundles && `${values.bundles}/${name}.safetensors`;
  const kept = file && (await readFile(file).catch(() => undefined));
  if (kept) return new Uint8Array(kept);
  const bundle = unwrap(await fitRouter(train, encoder, { kind: "landmark-heads", seed: 0 }));
  if (file) {
    await mkdir(values.bundles as string, { recursive: true });
    await writeFile(file, bundle);
  }
  return bundle;
}
