import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { sentenceOf } from "../../src/cli/failure.ts";
import { tell } from "../../src/cli/output.ts";
import { createProgram } from "../../src/cli/program.ts";
import { variantBundle } from "../operations/variant-bundle.ts";

// Every command that says names out of files, on files whose names would clear the screen, write to the clipboard or
// turn the direction of what follows.
const root = fileURLToPath(new URL("../..", import.meta.url));
const hostile = "m\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202egnp\u009b2J";
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-hostile-"));
  const json = JSON.stringify;
  const outcome = (k: number) => ({
    task: hostile,
    id: `${hostile}${k}`,
    prompt: `${hostile} ${k}`,
    outcomes: { [hostile]: k % 2, [`other${hostile}`]: 1 },
  });
  const router = async (name: string, change: Parameters<typeof variantBundle>[1]) => {
    await mkdir(join(folder, name));
    const bundle = await readFile(join(root, "models/lexical/bundle.safetensors"));
    await writeFile(join(folder, name, "bundle.safetensors"), variantBundle(bundle, change));
    await cp(join(root, "models/default/catalogue.json"), join(folder, name, "catalogue.json"));
  };
  await router("models", (document) => {
    document.models = document.models.map((_, k) => `${hostile}${k}`);
  });
  await router("tasks", (document) => {
    document["tasks"] = (document["tasks"] as string[]).map((_, k) => `${hostile}${k}`);
  });
  const catalogue = JSON.parse(await readFile(join(root, "models/default/catalogue.json"), "utf8"));
  catalogue.models["gpt-4o-mini"].license = hostile;
  catalogue.models["gpt-4o-mini"].sources = { prices: { from: hostile, as_of: "2026-01-01" } };
  await router("catalogue", () => undefined);
  await writeFile(join(folder, "catalogue/catalogue.json"), json(catalogue));
  await router("broken", () => undefined);
  await writeFile(join(folder, "broken/catalogue.json"), json({ ...catalogue, [hostile]: 1 }));
  await writeFile(
    join(folder, "outcomes.jsonl"),
    Array.from({ length: 40 }, (_, k) => json(outcome(k))).join("\n"),
  );
  await writeFile(join(folder, "broken.jsonl"), json({ task: hostile, id: 1, outcomes: { [hostile]: 2 } }));
  await writeFile(join(folder, "table.csv"), `prompt,${hostile.replaceAll(";", "")}\n${"x,1\n".repeat(3)}`);
  await writeFile(join(folder, "promptfoo.json"), json({ results: { [hostile]: hostile } }));
  await writeFile(join(folder, "names.json"), json({ [hostile]: [hostile] }));
  await writeFile(
    join(folder, "prices.json"),
    json({ [hostile]: { id: hostile, models: { [hostile]: {} } } }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

test.each([
  ["import", "csv", "table.csv", "--task", hostile, "--out", "o.jsonl"],
  ["import", "csv", "table.csv", "--map", `prompt=${hostile}`, "--out", "o.jsonl"],
  ["import", "promptfoo", "promptfoo.json", "--out", "o.jsonl"],
  [
    "train",
    "outcomes.jsonl",
    "--encoder",
    "lexical",
    "--cache",
    "cache",
    "--min-outcomes",
    "5",
    "--out",
    "out",
  ],
  ["train", "broken.jsonl", "--encoder", "lexical", "--out", "out"],
  ["train", "outcomes.jsonl", "--names", "names.json", "--encoder", "lexical", "--out", "out"],
  ["evaluate", "broken.jsonl", "--cache", "cache"],
  ["inspect", "models"],
  ["inspect", "tasks"],
  ["models", "--bundle", "models"],
  ["models", "--bundle", "tasks"],
  ["models", "--bundle", "catalogue"],
  ["models", "--bundle", "broken"],
  ["route", "--bundle", "models", "--encoder", "lexical", "--prompt", "x"],
  ["route", "--bundle", "tasks", "--encoder", "lexical", "--prompt", "x"],
  ["route", "--bundle", "tasks", "--encoder", "lexical", "--file", "outcomes.jsonl"],
  ["task", "t", "--prompts", "outcomes.jsonl", "--bundle", "tasks", "--encoder", "lexical"],
  ["add-model", hostile, "outcomes.jsonl", "--bundle", "tasks", "--encoder", "lexical", "--out", "added"],
  ["catalogue", "check", "prices.json", "--catalogue", "catalogue/catalogue.json", "--from", "models.dev"],
  ["catalogue", "refresh", "prices.json", "--catalogue", "catalogue/catalogue.json", "--from", "models.dev"],
  ["catalogue", "check", "prices.json", "--catalogue", "broken/catalogue.json", "--from", "models.dev"],
  ["publish", "models", "--dry-run"],
  ["publish", "broken", "--dry-run"],
  ["status", "--config", `${hostile}.toml`],
  [hostile],
])("%j says nothing that steers a terminal", async (...args) => {
  vi.stubEnv("NO_COLOR", "1");
  const said: string[] = [];
  const catchAll = (text: unknown) => {
    said.push(String(text));
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(catchAll);
  vi.spyOn(process.stderr, "write").mockImplementation(catchAll);
  const own = process.cwd();
  process.chdir(folder);
  try {
    // What main.ts does: a failure is one sentence.
    await createProgram()
      .parseAsync(args, { from: "user" })
      .catch((error: Error) => tell(sentenceOf(error) ?? error.message));
  } finally {
    process.chdir(own);
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
  const text = said.join("");
  expect(text.length).toBeGreaterThan(10);
  expect(text).not.toMatch(steering);
});
