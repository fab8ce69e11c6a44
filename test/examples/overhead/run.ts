import { fileURLToPath } from "node:url";
import { modulesOf, platform, startWorkerd } from "../../bench/live-worker.ts";
import { readContents } from "../../bench/subjects.ts";
import { createProject } from "../project.ts";

// node test/examples/overhead/run.ts: what a service binding adds to a decision, in a local workerd. CPU time is that of
// the workerd process, which other busy processes disturb less than the time on the wall.
const TIMES = 100;
const ROUNDS = 31;

const project = await createProject();
const bindings = { AUTH: "open", ENCODER_BACKEND: "lexical" };
const workerd = await startWorkerd({
  name: "overhead",
  ...modulesOf(await project.build("overhead")),
  ...platform,
  kvNamespaces: { SIGNALBOX: "signalbox" },
  bindings,
  serviceBindings: {
    ROUTER: { name: "overhead", entrypoint: "SignalboxRpc" },
    EMPTY: { name: "overhead", entrypoint: "Empty" },
  },
});
try {
  const kv = (await workerd.miniflare.getKVNamespace("SIGNALBOX", "overhead")) as unknown as {
    put(key: string, value: ArrayBuffer): Promise<void>;
  };
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  for (const [key, bytes] of await readContents(root, "lexical")) await kv.put(key, bytes.slice().buffer);
  const run = async (way: string) => {
    const [start, cpuBefore] = [performance.now(), await workerd.cpuMs()];
    const answer = await (await fetch(`${workerd.origin}/?by=${way}&times=${TIMES}`)).json();
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    return {
      wall: (performance.now() - start) / TIMES,
      cpu: ((await workerd.cpuMs()) - cpuBefore) / TIMES,
    };
  };
  const ways = ["plain", "binding", "empty"] as const;
  const runs = { plain: [], binding: [], empty: [] } as Record<
    (typeof ways)[number],
    Awaited<ReturnType<typeof run>>[]
  >;
  for (const way of ways) await run(way);
  for (let round = 0; round < ROUNDS; round++) for (const way of ways) runs[way].push(await run(way));
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const show = (ms: number) => `${ms.toFixed(3)} ms`;
  // The kernel counts CPU time in steps of 10 ms: only its mean over all rounds says something.
  const cpu = (way: (typeof ways)[number]) => mean(runs[way].map((one) => one.cpu));
  const added = runs.binding.map(({ wall }, k) => wall - (runs.plain[k]?.wall as number));
  for (const way of ways)
    console.log(
      `${way}: CPU ${show(cpu(way))}, wall ${show(median(runs[way].map(({ wall }) => wall)))} a call`,
    );
  console.log(
    `the binding adds CPU ${show(cpu("binding") - cpu("plain"))}, wall ${show(median(added))} (median of ${ROUNDS} pairs of ${TIMES} decisions)`,
  );
} finally {
  await workerd.stop();
  await project.remove();
}
