import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { registerImport } from "../../src/cli/import.ts";
import { readOutcomes } from "../../src/outcomes/read-outcomes.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

const temporary = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

/** Runs the command as the entry does; gives what it printed on stdout. */
async function run(...args: readonly string[]): Promise<string> {
  const program = new Command("signalbox").exitOverride();
  registerImport(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await program.parseAsync(["import", ...args], { from: "user" });
  return write.mock.calls.map(([text]) => String(text)).join("");
}

const runs = ["everyday-tiny-a", "everyday-tiny-b"].map((name) => fixture(`helm/${name}`));

test("writes outcomes that the reader takes, and sums up", async () => {
  const out = join(temporary.path(), "outcomes.jsonl.gz");
  const printed = await run("helm", ...runs, "--out", out);
  expect(await readOutcomes([out])).toMatchObject({ ok: true, value: { length: 6 } });
  expect(printed).toContain("6 prompts of 1 task, 12 results of 2 models");
  expect(printed).toContain("mock/tiny-b  mean 0.500 on 6 prompts");
});

test("--json prints one document", async () => {
  const out = join(temporary.path(), "json.jsonl");
  const printed = await run(
    "helm",
    ...runs,
    "--out",
    out,
    "--json",
    "--task",
    "sums",
    "--model",
    "a",
    "--model",
    "b",
  );
  expect(JSON.parse(printed)).toEqual({
    format: "helm",
    files: runs,
    out,
    prompts: 6,
    results: 12,
    repeats: 0,
    comparable: 6,
    models: { a: { prompts: 6, mean: 1 }, b: { prompts: 6, mean: 0.5 } },
    tasks: { sums: 6 },
    skipped: [],
  });
  expect(printed.trimEnd()).not.toContain("\n");
});

test("a fault in the last file leaves the old outcomes as they were", async () => {
  const out = await temporary.put("kept.jsonl", "old\n");
  const broken = await temporary.put("broken.csv", "prompt,model,score\nHi,a,2\n");
  await expect(run("csv", fixture("csv/wide.csv"), broken, "--out", out)).rejects.toMatchObject({
    name: "Error",
    code: "score_out_of_range",
    message: expect.stringContaining(`${broken}:2`),
  });
  expect(await readFile(out, "utf8")).toBe("old\n");
  expect((await readdir(temporary.path())).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("an outcome file that cannot be written is named", async () => {
  const out = join(fixture("csv/wide.csv"), "no-folder.jsonl");
  await expect(run("csv", fixture("csv/wide.csv"), "--out", out)).rejects.toMatchObject({
    code: "unwritable_file",
  });
  expect(existsSync(out)).toBe(false);
});

test.each([
  ["an unknown format", ["xlsx", "a.xlsx", "--out", "o"]],
  ["no files", ["csv", "--out", "o"]],
  ["no --out", ["csv", "a.csv"]],
  ["a maximum that is no number", ["csv", "a.csv", "--out", "o", "--max-score", "ten"]],
  ["two names for three files", ["csv", "a", "b", "c", "--out", "o", "--model", "x", "--model", "y"]],
])("%s is wrong usage", async (_, args) => {
  await expect(run(...args)).rejects.toMatchObject({ code: expect.stringMatching(/^(commander\.|usage$)/) });
});
