import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { printable, printableLines } from "../../src/cli/terminal.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "signalbox-terminal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Nothing else of this process's environment, because CI, TMUX, COLORTERM and others decide on colors too.
const { HOME = folder, PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
const plain = { HOME, PATH, NODE_COMPILE_CACHE };

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
  const line = `stty cols 60; "${process.execPath}" "${main}" ${command}`;
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
    const shown = await onTerminal(`inspect "${join(root, "models/default")}"`);
    expect(shown).toContain(`${ESCAPE}1mModels`);
    const widths = stripVTControlCharacters(shown)
      .split("\n")
      .map(({ length }) => length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(60);
  });

  test("extra columns go before names of models are cut", async () => {
    const shown = stripVTControlCharacters(await onTerminal("models"));
    expect(shown).toContain("claude-sonnet-4.6");
    expect(Math.max(...shown.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(60);
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

test("route --file takes prompts without outcomes: lines of text, or JSON lines", async () => {
  const prompts = ["What is 17 times 23?", "Name three rivers."];
  writeFileSync(join(folder, "prompts.txt"), `${prompts.join("\n\n")}\n`);
  writeFileSync(
    join(folder, "prompts.jsonl"),
    prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(""),
  );
  const decide = async (file: string) => {
    const { stdout } = await signalbox("route", "--file", file, "--json");
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  };
  const [text, lines] = [await decide("prompts.txt"), await decide("prompts.jsonl")];
  expect(text.map(({ id }) => id)).toEqual(["1", "3"]);
  expect(lines.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(lines.map(({ model }) => model)).toEqual(text.map(({ model }) => model));
  writeFileSync(join(folder, "broken.jsonl"), '{"prompt": "x"}\n{"question": "y"}\n');
  await expect(signalbox("route", "--file", "broken.jsonl")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('broken.jsonl:2: "prompt" must be a non-empty string'),
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

describe("text from files", () => {
  const hostile = [
    ["a clipboard sequence", "\u001b]52;c;ZXZpbA==\u0007"],
    ["one that clears the screen", "\u001b[2J\u001b[H"],
    ["the same in one character", "\u009b2J"],
    ["a carriage return", "shown\rhidden"],
    ["a backspace", "no\b\bok"],
    ["letters from right to left", "\u202egnp.exe"],
    ["a line separator", "a\u2028b"],
    ["a lone surrogate", "a\ud800"],
    ["an escape at the end", "x\u001b"],
  ] as const;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

  test.each(hostile)("%s is written out", (_, text) => {
    expect(printable(text)).not.toMatch(steering);
    expect(printable(text)).toMatch(/\\u[0-9a-f]{4}/);
    expect(printableLines(text)).not.toMatch(steering);
    // What programs read stays the JSON that it was.
    expect(JSON.parse(printableLines(JSON.stringify(text)))).toBe(text);
  });

  test("what people write stays as it is", () => {
    const text = "na\u00efve \u5b57 \ud83d\udc69\u200d\ud83d\udcbb \u05d0\u05d1 e\u0301";
    expect([printable(text), printableLines(text)]).toEqual([text, text]);
    expect(printableLines("a\n\tb \u001b[1mbold\u001b[22m")).toBe("a\n\tb \u001b[1mbold\u001b[22m");
    expect(printable("a\nb")).toBe("a\\u000ab");
  });

  test.each([
    ["stdout", ["import", "csv", "hostile.csv", "--task", "t", "--out", "o.jsonl"]],
    ["stderr", ["publish", "\u001b[2Jnowhere"]],
  ])("no command prints what a file or an argument holds as it is: %s", async (stream, args) => {
    const model = `m\u001b]52\u0007\u001b[2J`;
    writeFileSync(join(folder, "hostile.csv"), `prompt,${model}\n${"x,1\n".repeat(3)}`);
    const said = (await signalbox(...args).catch((error) => error)) as Record<string, string>;
    expect(said[stream]).toMatch(/\\u001b/);
    expect(`${said["stdout"]}${said["stderr"]}`).not.toMatch(steering);
  });

  test("everything that commands say goes through one place", async () => {
    const own = new Set(["output.ts", "progress.ts", "main.ts", "completion.ts"]);
    const files = (await readdir(join(root, "src/cli"), { recursive: true })).filter(
      (name) => name.endsWith(".ts") && !own.has(name) && !name.startsWith("package"),
    );
    expect(files.length).toBeGreaterThan(40);
    for (const name of files) {
      const source = await readFile(join(root, "src/cli", name), "utf8");
      expect(source, name).not.toMatch(/\b(?:console\.\w+|std(?:out|err)\.write)\(/);
    }
  });
});
