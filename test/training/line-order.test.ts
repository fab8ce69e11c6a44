import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RouterKind } from "../../src/core/predictor.ts";
import type { LocalEncoder } from "../../src/embedding/embed-texts.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import type { OutcomeRecord } from "../../src/outcomes/outcome.ts";
import { writeOutcomes } from "../../src/outcomes/write-outcomes.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { embedDataset, readSuites } from "../../src/training/load-dataset.ts";
import { syntheticEncoder } from "./synthetic.ts";

const records = recordsWithTies();
const kinds: Readonly<Record<RouterKind, true>> = { "landmark-heads": true, knn: true };

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-line-order-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe.each(Object.keys(kinds) as RouterKind[])("a %s bundle", (kind) => {
  it("is the same bytes, whatever the order of lines and files", async () => {
    const expected = await trainOn(kind, [records]);
    const order = fc.shuffledSubarray([...records], { minLength: records.length });
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: records.length - 1 }), async (lines, cut) => {
        const bundle = await trainOn(kind, [lines.slice(0, cut), lines.slice(cut)]);
        expect(bundle.equals(expected)).toBe(true);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});

/** Thirty prompts; ten have one embedding and ten one text, told apart by nothing but task and id. */
function recordsWithTies(): readonly OutcomeRecord[] {
  const random = seededRandom(3);
  const embedding = () =>
    Buffer.from(
      Int8Array.from({ length: syntheticEncoder.dimension }, () => 200 * random() - 100).buffer,
    ).toString("base64");
  const shared = embedding();
  return Array.from({ length: 30 }, (_, i) => ({
    task: `task-${i % 3}`,
    id: String(i),
    prompt: i < 10 || i >= 20 ? `prompt ${i}` : "the same text",
    outcomes: { a: Number(random() < 0.5), b: Number(random() < 0.5) },
    embedding: i < 10 ? shared : embedding(),
  }));
}

async function trainOn(kind: RouterKind, parts: readonly (readonly OutcomeRecord[])[]): Promise<Buffer> {
  const files = parts.map((_, k) => join(folder, `${k}.jsonl`));
  for (const [k, part] of parts.entries()) await writeOutcomes(files[k], part);
  const read = await readSuites(files);
  if (!read.ok) throw new Error(read.failure.message);
  // Every record carries its embedding, so that of the encoder only its identity is asked.
  const encoder = syntheticEncoder as LocalEncoder;
  const dataset = await embedDataset(read.value, encoder, folder, { names: new Map(), minOutcomes: 1 });
  if (!dataset.ok) throw new Error(dataset.failure.message);
  const bundle = await fitRouter(dataset.value, syntheticEncoder, { kind, seed: 0 });
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return Buffer.from(bundle.value);
}
