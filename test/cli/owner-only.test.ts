import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbeddingCache } from "../../src/embedding/embedding-cache.ts";
import { writeOutcomes } from "../../src/outcomes/write-outcomes.ts";
import { writeWhole } from "../../src/outcomes/write-whole.ts";

// What holds prompts, or what tells of them, is for the account alone that made it.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-owner-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o777;
const record = { task: "t", id: "1", prompt: "What is 2 + 2?", outcomes: { a: 1 } };

test.each(["outcomes.jsonl", "outcomes.jsonl.gz"])(
  "%s is its owner's, also where another file was",
  async (name) => {
    await writeFile(join(folder, name), "", { mode: 0o644 });
    await writeOutcomes(join(folder, name), [record]);
    expect(await modeOf(name)).toBe(0o600);
  },
);

test("cached embeddings are their owner's, and so is their folder", async () => {
  const encoder = { checksum: "0".repeat(64), arithmetic: "portable", dimension: 4 } as const;
  const cache = openEmbeddingCache(join(folder, "cache"), encoder);
  cache.put([{ text: record.prompt, embedding: new Float32Array(4) }]);
  expect(await modeOf("cache")).toBe(0o700);
  expect(await modeOf(`cache/${"0".repeat(16)}.portable.embeddings`)).toBe(0o600);
});

test("what is for others too keeps what the account usually gives", async () => {
  await writeWhole(join(folder, "report.json"), "{}");
  await writeFile(join(folder, "plain.json"), "{}");
  expect(await modeOf("report.json")).toBe(await modeOf("plain.json"));
});
