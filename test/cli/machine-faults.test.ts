import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWhole } from "../../src/outcomes/write-whole.ts";

// What a machine lacks: room, permission, a network, a Node that is new enough. Always one line, exit code 1, nothing
// half-written, and an end.
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
const cases = join(root, "test/importers/fixtures/cases");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-machine-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Linux lets everyone mount a small disk in a namespace of their own, unless it was set up otherwise. */
const hasDisk = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
if (!hasDisk) console.warn("unshare can't mount here: full and read-only disks are not tested");

describe.skipIf(!hasDisk)("a full disk", () => {
  test("is one line and exit code 1, and nothing half-written is left", async () => {
    const script = [
      "mount -t tmpfs -o size=256k none /mnt && head -c 248k /dev/zero > /mnt/fill",
      `"$0" ${main} train ${cases}/train-only-hard-task.jsonl --encoder lexical --cache ${folder}/cache --min-outcomes 5 --out /mnt/out`,
      "echo $? $(ls -A /mnt)",
    ].join("; ");
    const { stdout, stderr } = await run("unshare", ["-rm", "sh", "-c", script, process.execPath]);
    expect(stdout).toBe("1 fill\n");
    expect(stderr).toMatch(/^signalbox: the disk is full; could not write \/mnt\/out\/\S+$/m);
    expect(stderr).not.toContain("    at ");
  }, 60_000);

  test("ends publish too, which waited for ever", async () => {
    const script = [
      "mount -t tmpfs -o size=4m none /mnt",
      `"$0" ${main} publish ${root}/models/default --config ${root}/wrangler.toml --state /mnt/state`,
      "echo $?",
    ].join("; ");
    const { stdout, stderr } = await run("unshare", ["-rm", "sh", "-c", script, process.execPath]);
    expect(stdout).toBe("1\n");
    expect(stderr).toContain("signalbox: the disk has no room for it");
  }, 90_000);
});

describe.skipIf(!hasDisk)("a read-only disk", () => {
  const table = join(cases, "csv-words.csv");
  const results = join(cases, "train-only-hard-task.jsonl");
  const lexical = `--encoder lexical --min-outcomes 5`;
  const own = `--config ${root}/wrangler.toml --state /mnt/state`;
  test("is one line and exit code 1, whatever was to be written", async () => {
    const commands = [
      [`import csv ${table} --out /mnt/o.jsonl`, "the disk is read-only; could not write /mnt/o.jsonl"],
      ["init", "the disk is read-only; could not write wrangler.toml"],
      [`train ${results} ${lexical} --out /mnt/r`, "could not make the folder .signalbox/embeddings; "],
      [
        `train ${results} ${lexical} --cache ${folder}/kept --out /mnt/r`,
        "could not make the folder /mnt/r; ",
      ],
      [`publish ${root}/models/default ${own}`, "could not make the folder /mnt/state; "],
      [`start --port 0 ${own}`, "could not make the folder /mnt/state; "],
    ] as const;
    const script = [
      "mount -t tmpfs -o ro none /mnt; cd /mnt",
      ...commands.map(
        ([line]) => `"$0" ${main} ${line} 2>&1 | grep "^signalbox\\|    at "; echo \${PIPESTATUS[0]}`,
      ),
      "ls -A /mnt",
    ].join("\n");
    const { stdout } = await run("unshare", ["-rm", "bash", "-c", script, process.execPath]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toEqual(
      commands.flatMap(([, message]) => [expect.stringContaining(`signalbox: ${message}`), "1"]),
    );
  }, 120_000);
});

test("a command that is killed while it writes leaves the file that was there", async () => {
  const file = join(folder, "kept.jsonl");
  await writeFile(file, "what was there");
  const script = `
    import { writeWhole } from ${JSON.stringify(join(root, "src/outcomes/write-whole.ts"))};
    const endless = async function* () {
      for (;;) {
        yield "half of a line";
        process.stdout.write("writing");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await writeWhole(process.argv[1], endless());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, file]);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "close");
  expect(await readFile(file, "utf8")).toBe("what was there");
  // Half a file keeps its temporary name, and the next run its own.
  await writeWhole(file, "the next run");
  expect(await readFile(file, "utf8")).toBe("the next run");
});

/** A namespace of one's own has no network, not even this machine's. */
const hasNamespace = spawnSync("unshare", ["-rn", "true"]).status === 0;
if (!hasNamespace) console.warn("unshare can't take the network away here: its absence is not tested");

describe.skipIf(!hasNamespace)("no network", () => {
  const offline = (cwd: string, ...args: readonly string[]) =>
    run("unshare", ["-rn", ...args], {
      cwd,
      env: { ...process.env, CLOUDFLARE_API_TOKEN: "none", CLOUDFLARE_ACCOUNT_ID: "0".repeat(32) },
    }).catch((error: unknown) => error);

  test.each([
    [["models", "add", "m", "https://models.dev/api.json", "--provider", "openai", "--from", "models.dev"]],
    [["status", "--remote", "--config", join(root, "wrangler.toml")]],
  ])(
    "%j says so, and ends",
    async (args) => {
      const failed = await offline(folder, process.execPath, main, ...args);
      expect(failed).toMatchObject({ code: 1, stdout: "" });
      expect((failed as { readonly stderr: string }).stderr).toMatch(/^signalbox: [^\n]+\n$/);
    },
    120_000,
  );

  test("installing in a clone ends, and is not taken for done", async () => {
    const clone = await cloneOfInstaller("offline");
    const failed = await offline(clone, "sh", ".ci/install");
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("could not be installed") });
    expect(await readdir(clone)).not.toContain("node_modules");
  }, 240_000);
});

test("a Node that is too old is told by the installer, before npm fails on it", async () => {
  const clone = await cloneOfInstaller("old");
  await mkdir(join(clone, "bin"));
  await writeFile(join(clone, "bin/node"), "#!/bin/sh\necho 20.10.0\n", { mode: 0o755 });
  const env = { PATH: `${join(clone, "bin")}:/usr/bin:/bin` };
  const failed = await run("sh", [".ci/install"], { cwd: clone, env }).catch((error: unknown) => error);
  const stderr =
    "Signalbox needs Node 20.11 or newer, this is 20.10.0: install one from https://nodejs.org\n";
  expect(failed).toMatchObject({ code: 1, stdout: "", stderr });
});

/** What `npm start` runs first, with a package that nobody has in a cache. */
async function cloneOfInstaller(name: string): Promise<string> {
  const clone = join(folder, name);
  await mkdir(join(clone, ".ci"), { recursive: true });
  await copyFile(join(root, ".ci/install"), join(clone, ".ci/install"));
  const dependencies = { "@signalbox-test/not-there": "1.0.0" };
  await writeFile(join(clone, "package.json"), JSON.stringify({ dependencies }));
  return clone;
}
