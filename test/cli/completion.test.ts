import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-completion-"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await run(process.execPath, [main, "completion", shell]);
    await writeFile(join(folder, `completion.${shell}`), stdout);
  }
  await writeFile(join(folder, "outcomes.jsonl"), "");
  // In place of the program: what a person's line came to.
  const program = "signalbox() { echo \"ran: $*\"; }\nPS1='> '\n";
  await writeFile(join(folder, "bashrc"), `source ./completion.bash\n${program}`);
  const system = "autoload -Uz compinit; compinit -u -d ./dump\nsource ./completion.zsh\n";
  await writeFile(join(folder, ".zshrc"), system + program);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function has(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    console.warn(`${program} isn't installed: its completion is not tested`);
    return false;
  }
}

const lines = [
  ["signalbox tr\t--ki\tkn\tout\t", "ran: train --kind knn outcomes.jsonl"],
  [
    "signalbox feedback pu\t--sin\t2026-01-31 --ou\toutc\t",
    "ran: feedback pull --since 2026-01-31 --out outcomes.jsonl",
  ],
  ["signalbox import lm\toutc\t", "ran: import lm-eval outcomes.jsonl"],
  ["signalbox start --backend si\t", "ran: start --backend simd"],
] as const;

/** Types a line into an interactive shell on a terminal of its own, Tab and all, and gives back what it shows. */
function type(shell: string, line: string): Promise<string> {
  const terminal = spawn("script", ["-qec", shell, "/dev/null"], {
    cwd: folder,
    // Nothing else of this process's environment: prompts and key bindings of a person's own change what is shown.
    env: { PATH: process.env["PATH"], HOME: folder, ZDOTDIR: folder, TERM: "dumb", COLUMNS: "200" },
  });
  return new Promise((resolve, reject) => {
    let shown = "";
    let typed = false;
    terminal.on("error", reject);
    terminal.on("close", () => resolve(shown));
    terminal.stdout.on("data", (chunk: Buffer) => {
      shown += chunk.toString("utf8");
      if (!typed && shown.includes("> ")) {
        typed = true;
        terminal.stdin.write(`${line}\r`);
      } else if (/ran: [^>]*> /.test(shown)) terminal.stdin.end("exit\r");
    });
  });
}

describe.skipIf(!has("bash") || !has("script"))("bash", () => {
  test.each(lines)("%j", async (line, ran) => {
    expect(await type("bash --noprofile --rcfile bashrc -i", line)).toContain(ran);
  });
});

describe.skipIf(!has("zsh") || !has("script"))("zsh", () => {
  test.each(lines)("%j", async (line, ran) => {
    expect(await type("zsh -i", line)).toContain(ran);
  });
});

describe.skipIf(!has("fish"))("fish", () => {
  test.each([
    ["signalbox tr", ["train"]],
    ["signalbox train --ki", ["--kind"]],
    ["signalbox train --kind ", ["knn", "landmark-heads"]],
    ["signalbox train out", ["outcomes.jsonl"]],
    ["signalbox feedback pull --sin", ["--since"]],
    ["signalbox start --port ", []],
  ])("%j", async (line, words) => {
    const script = `source completion.fish; complete -C ${JSON.stringify(line)}`;
    const { stdout } = await run("fish", ["--no-config", "-c", script], { cwd: folder });
    expect(stdout.split("\n").flatMap((answer) => answer.split("\t")[0] || [])).toEqual(words);
  });
});
