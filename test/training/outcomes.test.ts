import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OutcomeRecord } from "../../src/outcomes/outcome.ts";
import { readOutcomes } from "../../src/outcomes/read-outcomes.ts";
import { writeOutcomes } from "../../src/outcomes/write-outcomes.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "outcomes-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
async function put(content: string | Uint8Array, name = `${count++}.jsonl`): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

const good = { task: "sums", id: "1", prompt: "What is 2 + 2?", outcomes: { small: 0, large: 1 } };
const line = (changes: object = {}) => JSON.stringify({ ...good, ...changes });

describe("readOutcomes", () => {
  test("reads every field, skips blank lines, ignores unknown fields", async () => {
    const file = await put(
      `\uFEFF${line()}\n\n${line({
        id: "2",
        output_chars: { large: 3 },
        output_tokens: { large: 1 },
        cost_usd: { large: 0.002 },
        source: "mine",
      })}`,
    );
    expect(await readOutcomes([file])).toEqual({
      ok: true,
      value: [
        good,
        {
          ...good,
          id: "2",
          outputChars: { large: 3 },
          outputTokens: { large: 1 },
          costUsd: { large: 0.002 },
        },
      ],
    });
  });

  test("knows gzip by its bytes, and reads characters that chunks cut through", async () => {
    const prompt = "价格 €🙂".repeat(40_000);
    const file = await put(gzipSync(`${line({ prompt })}\n`), "no-suffix.jsonl");
    expect(await readOutcomes([file])).toEqual({ ok: true, value: [{ ...good, prompt }] });
  });

  test("takes an embedding in place of the prompt", async () => {
    const file = await put(line({ prompt: undefined, embedding: "AQID" }));
    expect(await readOutcomes([file])).toEqual({
      ok: true,
      value: [{ ...good, prompt: "", embedding: "AQID" }],
    });
  });

  test("the same id in two tasks is no duplicate", async () => {
    const files = [await put(line()), await put(line({ task: "other" }))];
    expect(await readOutcomes(files)).toMatchObject({ ok: true, value: { length: 2 } });
  });

  test.each([
    ["broken JSON", `${line()}\n{"task": "sums",\n`, "broken_line", ":2: not valid JSON"],
    ["a line that is no object", "[1]", "wrong_type", ":1: each line must be a JSON object, not an array"],
    ["no task", line({ task: undefined }), "missing_field", ':1: "task" is missing'],
    ["no id", line({ id: undefined }), "missing_field", ':1: "id" is missing'],
    ["no prompt", line({ prompt: undefined }), "missing_field", ':1: "prompt" is missing'],
    ["no outcomes", line({ outcomes: undefined }), "missing_field", ':1: "outcomes" is missing'],
    ["outcomes of nobody", line({ outcomes: {} }), "missing_field", ':1: "outcomes" names no model'],
    ["a number as id", line({ id: 7 }), "wrong_type", ':1: "id" must be a non-empty string, not a number'],
    [
      "an empty task",
      line({ task: "" }),
      "wrong_type",
      ':1: "task" must be a non-empty string, not an empty',
    ],
    ["an empty prompt", line({ prompt: "" }), "wrong_type", ':1: "prompt" must be a non-empty string'],
    ["outcomes as a list", line({ outcomes: [1] }), "wrong_type", ':1: "outcomes" must be an object'],
    [
      "a score in words",
      line({ outcomes: { a: "1" } }),
      "wrong_type",
      ':1: the score of "a" must be a number',
    ],
    ["a null score", line({ outcomes: { a: null } }), "wrong_type", "leave a model without a result out"],
    ["a score above 1", line({ outcomes: { a: 1.5 } }), "score_out_of_range", ':1: the score of "a" is 1.5'],
    [
      "a score below 0",
      line({ outcomes: { a: -0.1 } }),
      "score_out_of_range",
      ':1: the score of "a" is -0.1',
    ],
    [
      "an infinite score",
      `{"task":"t","id":"1","prompt":"p","outcomes":{"a":1e999}}`,
      "score_out_of_range",
      ':1: the score of "a" is Infinity',
    ],
    [
      "NaN, which is not JSON",
      `{"task":"t","id":"1","prompt":"p","outcomes":{"a":NaN}}`,
      "broken_line",
      ":1: not",
    ],
    [
      "a negative length",
      line({ output_chars: { a: -1 } }),
      "wrong_type",
      ':1: "output_chars" of "a" must be',
    ],
    [
      "tokens in words",
      line({ output_tokens: { a: "9" } }),
      "wrong_type",
      ':1: "output_tokens" of "a" must be',
    ],
    ["a cost as a number", line({ cost_usd: 1 }), "wrong_type", ':1: "cost_usd" must be an object'],
    ["an embedding as a list", line({ embedding: [1] }), "wrong_type", ':1: "embedding" must be a base64'],
    [
      "a duplicate id",
      `${line()}\n${line({ prompt: "other" })}`,
      "duplicate_id",
      ':2: id "1" of task "sums"',
    ],
    ["an empty file", "", "empty_file", ":1: the file is empty"],
    ["only blank lines", "\n \n", "empty_file", ":1: the file is empty"],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "not_utf8", ":1: not UTF-8"],
    ["a cut gzip file", gzipSync(line()).subarray(0, 40), "broken_gzip", ":1: the gzip data ends"],
    ["an empty gzip file", gzipSync(""), "empty_file", ":1: the file is empty"],
  ])("%s is refused", async (_, content, code, message) => {
    const file = await put(content);
    const result = await readOutcomes([file]);
    expect(result).toMatchObject({ ok: false, failure: { code, param: file } });
    expect(result.ok ? "" : result.failure.message).toContain(`${file}:`);
    expect(result.ok ? "" : result.failure.message).toContain(message);
  });

  test("a duplicate over two files names both places", async () => {
    const files = [await put(line()), await put(`\n${line()}`)];
    const result = await readOutcomes(files);
    expect(result).toMatchObject({ ok: false, failure: { code: "duplicate_id" } });
    expect(result.ok ? "" : result.failure.message).toContain(`${files[1]}:2`);
    expect(result.ok ? "" : result.failure.message).toContain(`${files[0]}:1`);
  });

  test.each(["missing.jsonl", "."])("%s cannot be read", async (name) => {
    const file = join(folder, name);
    expect(await readOutcomes([file])).toMatchObject({
      ok: false,
      failure: { code: "unreadable_file", param: file },
    });
  });

  test("corrupt gzip in the middle", async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => line({ id: `${i}`, prompt: `${Math.sin(i)}` })).join(
      "\n",
    );
    const bytes = gzipSync(lines);
    bytes.fill(0, bytes.length / 2, bytes.length / 2 + 1000);
    expect(await readOutcomes([await put(bytes)])).toMatchObject({ ok: false });
  });
});

describe("writeOutcomes", () => {
  const records: readonly OutcomeRecord[] = [
    good,
    { ...good, id: "2", outputChars: { large: 3 }, outputTokens: { large: 1 }, costUsd: { large: 0.5 } },
    { ...good, id: "3", prompt: "", embedding: "AQID" },
  ];

  test.each(["round.jsonl", "round.jsonl.gz"])("what is written to %s is read back", async (name) => {
    const file = join(folder, name);
    await writeOutcomes(file, records);
    expect(await readOutcomes([file])).toEqual({ ok: true, value: records });
    const [first] = await readFile(file);
    expect(first).toBe(name.endsWith(".gz") ? 0x1f : 0x7b);
  });

  test("a failure leaves the old file as it was and no temporary file", async () => {
    const file = await put("old", "kept.jsonl");
    const failing = (function* () {
      yield good;
      throw new Error("stopped halfway");
    })();
    await expect(writeOutcomes(file, failing)).rejects.toThrow("stopped halfway");
    expect(await readFile(file, "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
