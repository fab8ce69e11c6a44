import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const notebook = join(root, "examples/python/decide.ipynb");

/** The Python that has what the notebook needs: PYTHON, or the one in the path. */
const python = process.env["PYTHON"] ?? "python3";
const packages = ["numpy", "safetensors", "onnxruntime", "tokenizers"];
const hasPython = spawnSync(python, ["-c", `import ${packages.join(", ")}`]).status === 0;
if (!hasPython) {
  console.warn(
    `The notebook is not run: ${python} lacks one of ${packages.join(", ")}; PYTHON names another.`,
  );
}

const prompts = [
  "How many positive divisors does 360 have?",
  "Write a Python function that merges two sorted lists.",
  "Which river flows through Vienna, Budapest and Belgrade?",
  "Prove that the product of any three consecutive whole numbers is divisible by 6.",
  // Unlike everything that was learned: what holds elsewhere decides alone.
  "Hello there",
];
/** More than the 128 tokens that are read in order. */
const long = "The shop sells rolls at three for 2 euros. ".repeat(30);

describe.skipIf(!hasPython)("the notebook", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-notebook-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("decides as the Worker does", async () => {
    const asked = [...prompts, long];
    const { cells } = JSON.parse(await readFile(notebook, "utf8"));
    const code = cells
      .filter((cell: { readonly cell_type: string }) => cell.cell_type === "code")
      .map((cell: { readonly source: readonly string[] }) => cell.source.join(""));
    const ending = `print("ANSWERS" + json.dumps([decide(prompt) for prompt in json.loads(${JSON.stringify(JSON.stringify(asked))})]))`;
    const script = join(folder, "decide.py");
    await writeFile(script, [...code, ending].join("\n\n"));
    const { stdout } = await run(python, [script], { cwd: dirname(notebook) });
    const answers = JSON.parse(stdout.split("ANSWERS")[1] as string);

    const file = join(folder, "prompts.jsonl");
    await writeFile(file, asked.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(""));
    const args = ["route", "--file", file, "--cache", join(folder, "cache"), "--json"];
    const decided = await run(process.execPath, [join(root, "src/cli/main.ts"), ...args]);
    const expected = decided.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

    for (const [index, { model, p_correct }] of expected.entries()) {
      const answer = answers[index];
      const apart = Object.keys(p_correct).map((name) => Math.abs(p_correct[name] - answer.p_correct[name]));
      // Two runtimes add the same numbers in another order. Mostly that is 1e-8; where a sum of the int8 layers lies at the
      // border of a rounding, one step of it moves, and more of them do where there are more tokens.
      expect(Math.max(...apart), asked[index]).toBeLessThan(asked[index] === long ? 5e-3 : 1e-3);
      expect(answer.model).toBe(model);
    }
  });
});
