import { exec } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPage, root } from "./pages.ts";

const run = promisify(exec);
const { blocks } = readPage("docs/tutorial.md");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-tutorial-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the tutorial's commands work and print what it says", async () => {
  const printed: string[] = [];
  for (const { note, text } of blocks) {
    const [, file] = /^file=(\S+)$/.exec(note) ?? [];
    if (file !== undefined) await writeFile(join(folder, file), text);
    if (note !== "run") continue;
    for (const line of text.trim().split("\n")) {
      const { stdout } = await run(inFolder(line), { cwd: folder });
      printed.push(stdout);
    }
  }
  const output = printed.join("");
  const told = blocks
    .filter(({ language, note }) => language === "text" && note === "")
    .map(({ text }) => text);
  // Figures may differ in a last digit between processors; what was read and what was chosen may not.
  const stable = told.flatMap(
    (text) => text.match(/^(outcomes\.jsonl: .*|prompt: \S+ \(\w+|mine, cv: .*|my-sums: \S+)/gm) ?? [],
  );
  expect(stable).toHaveLength(6);
  for (const line of stable) expect(output).toContain(line);
  expect(output).toMatch(/^bundle +[0-9a-f]{12}, 3 models, 2 tasks$/m);
});

/** The command as it runs outside a clone, with a KV of its own. */
function inFolder(line: string): string {
  const node = JSON.stringify(process.execPath);
  const command = line
    .replace("npm run -s signalbox --", `${node} ${JSON.stringify(`${root}src/cli/main.ts`)}`)
    .replace(/^node /, `${node} `);
  return / (publish|status)\b/.test(line)
    ? `${command} --config ${JSON.stringify(`${root}wrangler.toml`)} --state state`
    : command;
}
