import { startFakeProvider } from "../conformance/fake-provider.ts";
import { startTestWorker } from "../conformance/test-worker.ts";

// What the Worker adds to the time to first byte of a stream, beside the decision itself:
// `node test/bench/first-byte.ts`. Direct and routed requests alternate; medians, in milliseconds.
const ROUNDS = 60;
const messages = [{ role: "user", content: "How many positive divisors does 360 have?" }];

const provider = await startFakeProvider();
const worker = await startTestWorker({ providerUrl: provider.baseUrl });

async function firstByteMs(
  url: string,
  model: string,
): Promise<{ readonly total: number; readonly decision: number }> {
  const start = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages, stream: true }),
  });
  const reader = response.body?.getReader();
  await reader?.read();
  const total = performance.now() - start;
  await reader?.cancel();
  const timing = response.headers.get("server-timing") ?? "";
  const decision = [...timing.matchAll(/(?:state|embed|decide);dur=([\d.]+)/g)].reduce(
    (sum, [, ms]) => sum + Number(ms),
    0,
  );
  return { total, decision };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
const direct: number[] = [];
const routed: number[] = [];
const passed: number[] = [];
const named = "gpt-5.4";
for (let round = -10; round < ROUNDS; round++) {
  const samples = [
    await firstByteMs(`${provider.baseUrl}/chat/completions`, "fake/direct"),
    await firstByteMs(`${worker.origin}/v1/chat/completions`, "auto"),
    await firstByteMs(`${worker.origin}/v1/chat/completions`, named),
  ] as const;
  if (round < 0) continue;
  direct.push(samples[0].total);
  routed.push(samples[1].total - samples[1].decision);
  passed.push(samples[2].total);
}
const base = median(direct);
console.log(
  JSON.stringify({ direct: base, addedByAuto: median(routed) - base, addedByName: median(passed) - base }),
);
await worker.stop();
await provider.stop();
process.exit(0);
