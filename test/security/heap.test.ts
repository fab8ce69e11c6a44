import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { parseWith } from "../../src/contract/parse.ts";
import { collectionsOf, subjects, valueAt } from "./parse-cases.ts";

// Beside the encoder, bundles and bodies, an isolate of 128 MB has about this much left.
const HEAP_MEGABYTES = 64;

test.each(Object.entries(subjects))("the example of %s reaches every array and record", (_, subject) => {
  expect(parseWith(subject.schema, subject.example, "invalid_request").ok).toBe(true);
  for (const path of collectionsOf(subject.schema)) {
    expect(valueAt(subject.example, [...path, "*"]), path.join(".")).toBeDefined();
  }
});

test("an array or record full of wrong items costs no more memory than what it was sent in", async () => {
  const worker = new Worker(new URL("parse-thread.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
  });
  const begun: string[] = [];
  worker.on("message", (line: string) => begun.push(line));
  const error = await new Promise<unknown>((resolve) => {
    worker.once("error", resolve);
    worker.once("exit", () => resolve(undefined));
  });
  expect([begun.at(-1), error]).toEqual(["done", undefined]);
  expect(begun.length).toBeGreaterThan(80);
});
