import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPublication } from "../../src/cli/kv/publication.ts";
import { loadPredictor } from "../../src/core/bundle.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
const cases = join(root, "test/importers/fixtures/cases");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-train-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Trains on the lexical view, which embeds in no time. */
function train(file: string, ...args: readonly string[]) {
  const options = ["--encoder", "lexical", "--cache", join(folder, "cache"), ...args];
  return run(process.execPath, [main, "train", join(cases, file), ...options]);
}

test.each([
  ["train-only-hard-task.jsonl", ["a", "b", "expert"]],
  ["train-never-right-1.jsonl", ["m0", "m1", "m2", "m3", "never-right"]],
  ["train-never-right-2.jsonl", ["m0", "m1", "m2", "m3", "never-right"]],
])(
  "%s: a model that saw only what is hard, or is never right, is in a usable bundle",
  async (file, models) => {
    const out = join(folder, file);
    await train(file, "--out", out, "--min-outcomes", "5");
    const predictor = loadPredictor(new Uint8Array(await readFile(join(out, "bundle.safetensors"))));
    expect(predictor).toMatchObject({ ok: true, value: { models } });
  },
  60_000,
);

describe("a table of one's own models", () => {
  test("gets a catalogue to fill in, and publish says what of it is missing", async () => {
    const out = join(folder, "own");
    const { stdout } = await train("train-only-hard-task.jsonl", "--out", out, "--min-outcomes", "5");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      `fill in ${out}/catalogue.json: provider, price and limits of a, b, expert`,
    );
    const unfilled = await readPublication(out);
    expect(unfilled).toMatchObject({ ok: false, failure: { code: "catalogue_unfilled" } });
    expect(unfilled.ok ? "" : unfilled.failure.message).toContain(
      "first: provider, usd_per_million_tokens.input, usd_per_million_tokens.output, context_tokens, max_output_tokens of a, and the same of b, expert",
    );

    const file = join(out, "catalogue.json");
    const catalogue = JSON.parse(await readFile(file, "utf8"));
    const [provider] = Object.keys(catalogue.providers);
    for (const [index, model] of Object.values(catalogue.models as Record<string, object>).entries()) {
      const price = { input: 0.1 * (index + 1), output: 0.4 * (index + 1) };
      Object.assign(model, {
        provider,
        usd_per_million_tokens: price,
        context_tokens: 8000,
        max_output_tokens: 1000,
      });
    }
    await writeFile(file, JSON.stringify(catalogue));
    expect(await readPublication(out)).toMatchObject({ ok: true });
    // With prices, it learns what answers cost: the dial is in the bundle.
    await train("train-only-hard-task.jsonl", "--out", out, "--min-outcomes", "5", "--catalogue", file);
    const again = await readPublication(out);
    expect(again.ok && again.value.predictor.lambdaUsdOfSpend(0.5)).toBeGreaterThan(0);
  }, 60_000);

  test("says whom it leaves out, and why", async () => {
    const few = await train(
      "train-only-hard-task.jsonl",
      "--out",
      join(folder, "few"),
      "--min-outcomes",
      "150",
      "--json",
    ).catch((error: unknown) => error as { readonly stderr: string; readonly stdout: string });
    const { left_out } = JSON.parse(few.stdout);
    expect(left_out).toEqual([{ model: "expert", reason: "120 results, fewer than --min-outcomes 150" }]);
    expect(few.stderr).toContain("left out: expert (120 results, fewer than --min-outcomes 150)");
    const foreign = join(root, "models/default/catalogue.json");
    await expect(
      train("train-only-hard-task.jsonl", "--out", join(folder, "none"), "--catalogue", foreign),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is in the catalogue, by id or alias"),
    });
    await expect(readdir(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
    // A good bundle stays what it was where there is nothing to replace it with.
    const bundle = join(folder, "few", "bundle.safetensors");
    const before = await readFile(bundle);
    await expect(
      train("train-only-hard-task.jsonl", "--out", join(folder, "few"), "--catalogue", foreign),
    ).rejects.toMatchObject({ code: 1 });
    expect(await readFile(bundle)).toEqual(before);
  }, 60_000);
});

test("a reader that has seen enough, as `| head -1`, ends a command without a word", () => {
  const line = `"$0" ${main} --help | head -1`;
  const { stdout, stderr } = spawnSync("bash", ["-c", line, process.execPath], { encoding: "utf8" });
  expect([stdout, stderr]).toEqual(["Usage: signalbox [options] [command]\n", ""]);
}, 30_000);
