import { modulesOf, platform, startWorkerd } from "../../bench/live-worker.ts";
import { readContents } from "../../bench/subjects.ts";
import { createProject } from "../project.ts";

// node test/examples/overhead/run.ts: what a service binding adds to a decision, in a local workerd.
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
  serviceBindings: { ROUTER: { name: "overhead", entrypoint: "SignalboxRpc" } },
});
try {
  const kv = (await workerd.miniflare.getKVNamespace("SIGNALBOX", "overhead")) as unknown as {
    put(key: string, value: ArrayBuffer): Promise<void>;
  };
  const root = new URL("../../..", import.meta.url).pathname;
  for (const [key, bytes] of await readContents(root, "lexical")) await kv.put(key, bytes.slice().buffer);
  const msOf = async (by: string) => {
    const start = performance.now();
    const answer = await (await fetch(`${workerd.origin}/?by=${by}&times=${TIMES}`)).json();
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    return (performance.now() - start) / TIMES;
  };
  await msOf("plain");
  await msOf("binding");
  const plain: number[] = [];
  const binding: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await msOf("plain"));
    binding.push(await msOf("binding"));
  }
  const median = (values: readonly number[]) =>
    [...values].sort((a, b) => a - b)[values.length >> 1] as number;
  const differences = binding.map((ms, k) => ms - (plain[k] as number));
  const show = (ms: number) => `${ms.toFixed(3)} ms`;
  console.log(`plain ${show(median(plain))}, over the binding ${show(median(binding))} a decision (medians)`);
  console.log(
    `the binding adds ${show(median(differences))} (median of ${ROUNDS} pairs of ${TIMES} decisions)`,
  );
} finally {
  await workerd.stop();
  await project.remove();
}
