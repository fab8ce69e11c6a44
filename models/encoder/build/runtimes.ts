/**
 * Compares the ways to embed on this machine with the WebAssembly runtime on one thread, which computes bit for bit what
 * the Worker does: how far their embeddings part, how many prompts a second each embeds, tokenizer included, and how much
 * CPU each prompt takes, which depends less on what else the machine does.
 *
 *   node models/encoder/build/runtimes.ts <directory of the outcome suites> [suite]
 */
import { fileURLToPath } from "node:url";
import { embedTexts } from "../../../src/embedding/embed-texts.ts";
import { readEncoderFiles } from "../../../src/embedding/encoder-files.ts";
import { createNativeSession } from "../../../src/embedding/native-session.ts";
import { createPortableSession } from "../../../src/embedding/portable-session.ts";
import { createPortableThreads } from "../../../src/embedding/portable-threads.ts";
import { createEncoder } from "../../../src/encoder/encoder.ts";
import type { EncoderSession } from "../../../src/encoder/session.ts";
import { readPrompts, spread } from "./prompts.ts";

const PROMPTS = 500;

const [dataDirectory, suite = "llmrouter-test"] = process.argv.slice(2);
if (dataDirectory === undefined) {
  console.error("usage: runtimes.ts <directory of the outcome suites> [suite]");
  process.exit(2);
}
const files = await readEncoderFiles(fileURLToPath(new URL("..", import.meta.url)));
const prompts = spread(readPrompts(dataDirectory, suite), PROMPTS);
const portable = await embedAll(await createPortableSession(files));
const native = await createNativeSession(files);
console.log(JSON.stringify({ suite, prompts: prompts.length }));
report("portable, one thread", portable);
report("portable, threads", await embedAll(createPortableThreads(files)));
if (native.ok) report("native", await embedAll(native.value));
else console.log(native.failure.message);

interface Embedded {
  readonly embeddings: readonly Float32Array[];
  readonly perSecond: number;
  readonly cpuMs: number;
}

async function embedAll(session: EncoderSession): Promise<Embedded> {
  const encoder = await createEncoder(files, session);
  if (!encoder.ok) throw new Error(encoder.failure.message);
  await embedTexts(encoder.value, prompts.slice(0, 20)); // compile first
  const [start, startCpu] = [performance.now(), process.cpuUsage()];
  const embeddings = await embedTexts(encoder.value, prompts);
  const { user, system } = process.cpuUsage(startCpu);
  return {
    embeddings,
    perSecond: prompts.length / ((performance.now() - start) / 1000),
    cpuMs: (user + system) / 1000 / prompts.length,
  };
}

function report(session: string, { embeddings, perSecond, cpuMs }: Embedded): void {
  const distances = embeddings.map((embedding, k) =>
    distance(embedding, portable.embeddings[k] as Float32Array),
  );
  const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);
  console.log(
    JSON.stringify({
      session,
      perSecond: Math.round(perSecond),
      cpuMs: Number(cpuMs.toFixed(1)),
      equalTo1e5: distances.filter(({ absolute }) => absolute < 1e-5).length / distances.length,
      largestCosineDistance: Number(largest(distances.map(({ cosine }) => cosine)).toExponential(2)),
      largestAbsoluteDifference: Number(largest(distances.map(({ absolute }) => absolute)).toExponential(2)),
    }),
  );
}

/** Of the context views: the lexical view has no activations to round. */
function distance(a: Float32Array, b: Float32Array): { readonly cosine: number; readonly absolute: number } {
  let dot = 0;
  let absolute = 0;
  for (let k = 0; k < a.length / 2; k++) {
    const [x, y] = [a[k], b[k]];
    dot += 2 * x * y; // both views have length sqrt(1/2)
    absolute = Math.max(absolute, Math.abs(x - y));
  }
  return { cosine: 1 - dot, absolute };
}
