import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "signalbox-terminal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Nothing else of this process's environment, because CI, TMUX, COLORTERM and others decide on colors too.
const { HOME = folder, PATH = "" } = process.env;
const plain = { HOME, PATH };

function signalbox(...args: readonly string[]) {
  return run(process.execPath, [main, ...args], { cwd: folder, env: plain });
}

function hasScript(): boolean {
  try {
    execFileSync("sh", ["-c", "command -v script"]);
    return true;
  } catch {
    console.warn("script isn't installed: output on a terminal is not tested");
    return false;
  }
}

/** What a terminal of 60 columns gets. */
async function onTerminal(
  command: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const line = `stty cols 60; ${process.execPath} ${main} ${command}`;
  const running = run("script", ["-qec", line, "/dev/null"], {
    cwd: folder,
    env: { ...plain, TERM: "xterm-256color", ...variables },
  });
  running.child.stdin?.end();
  return (await running).stdout.replaceAll("\r\n", "\n");
}

const ESCAPE = "\u001b[";

describe.skipIf(!hasScript())("on a terminal of 60 columns", () => {
  test("lines fit, and what matters has color", async () => {
    const shown = await onTerminal(`inspect ${join(root, "models/default")}`);
    expect(shown).toContain(`${ESCAPE}1mModels`);
    const widths = stripVTControlCharacters(shown)
      .split("\n")
      .map(({ length }) => length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(60);
  });

  test("NO_COLOR is respected", async () => {
    expect(await onTerminal("route --prompt hello", { NO_COLOR: "1" })).not.toContain(ESCAPE);
  });

  test("help fits", async () => {
    for (const command of ["", "route", "publish", "doctor", "import"]) {
      const help = (await onTerminal(`${command} --help`)).split(/\n\n(?:Formats|Examples?):/)[0] as string;
      const tooLong = help.split("\n").filter((line) => line.length > 60);
      expect(tooLong).toEqual([]);
    }
  });
});

test("a pipe gets no color and whole names", async () => {
  const { stdout } = await signalbox("inspect", join(root, "models/default"));
  expect(stdout).not.toContain(ESCAPE);
  expect(stdout).toContain("checksum 6f2094ce5492fed9");
});

const commands = [
  ...["start", "route", "import", "train", "add-model", "task", "evaluate", "inspect", "init", "key"],
  ...["publish", "promote", "rollback", "status", "gc", "feedback pull", "report", "doctor", "completion"],
];

test.each(commands)("%s --help teaches with an example", async (command) => {
  const { stdout } = await signalbox(...command.split(" "), "--help");
  expect(stdout).toMatch(new RegExp(`\\nExamples?:\\n[\\s\\S]*signalbox ${command}`));
});

test.each([
  [["route", "--bundle", "nowhere", "--prompt", "x"], 1, "there is no nowhere/bundle.safetensors"],
  [["route"], 2, "give either --prompt or --file"],
  [["route", "--prompt", " "], 2, "--prompt is empty"],
  [["route", "--prompt", "x", "--spend", "1", "--tolerance", "0"], 2, "give one of them"],
  [["route", "--prompt", "x", "--spend", ""], 2, "a number from 0 to 1"],
  [["key", "My App"], 2, "lower-case letters"],
  [["add-model", "m", "nowhere.jsonl"], 2, "give --out"],
  [
    ["import", "csv", "a", "b", "--out", "x", ...["m", "n", "o"].flatMap((m) => ["--model", m])],
    2,
    "3 times",
  ],
  [["feedback", "pull", "--out", "x", "--since", "yesterday"], 2, "a day or a time"],
  [["trian"], 2, "Did you mean train?"],
  [["status", "--config", "nowhere.toml"], 1, "signalbox init"],
  [["status", "--remote"], 1, "signalbox init"],
  [["train", "nowhere.jsonl", "--out", "x"], 1, "check the path"],
])("%j fails with the next step", async (args, code, message) => {
  const failure = await signalbox(...args).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, stderr: expect.stringContaining(message), stdout: "" });
  expect((failure as { stderr: string }).stderr).not.toContain("unexpected error");
});
