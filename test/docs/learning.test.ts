import { exec } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalWorker, startLocalWorker } from "../../src/cli/local-worker.ts";
import { copyPublishedState } from "../prepared.ts";
import { commandsOf } from "./line-rules.ts";
import { readPage, root } from "./pages.ts";

const run = promisify(exec);
const config = join(root, "wrangler.toml");
const { blocks } = readPage("docs/learning.md");
let folder: string;
let worker: LocalWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-learning-page-"));
  // With the tables, by the same command as on the page.
  await copyPublishedState(folder, true);
  const variables = blocks.find(({ note }) => note === "file=.dev.vars")?.text ?? "";
  worker = await startLocalWorker({
    configPath: config,
    statePath: folder,
    port: 0,
    variables: {
      AUTH: "open",
      ...Object.fromEntries(
        variables
          .trim()
          .split("\n")
          .map((line) => line.split("=", 2)),
      ),
    },
  });
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("the page's fifteen minutes work and print what it says", async () => {
  const commands = blocks.filter(({ note }) => note === "run").flatMap(({ text }) => commandsOf(text));
  const [tables, start, ...rest] = commands;
  expect([tables, start]).toEqual(["npx wrangler d1 migrations apply DB --local", "npm start"]);
  expect(rest).toHaveLength(3);
  const printed: string[] = [];
  for (const command of rest) {
    const node = `"${process.execPath}"`;
    const here = command.startsWith("node ")
      ? `${node} ${command.slice(5)} ${worker.origin}`
      : `${command.replace("npm run -s signalbox --", `${node} src/cli/main.ts`)} --config "${config}" --state "${folder}"`;
    printed.push((await run(here, { cwd: root })).stdout);
  }
  const [rounds = "", status = "", rolledBack = ""] = printed;
  const told = blocks.find(({ language, note }) => language === "text" && note === "")?.text ?? "none";
  expect(rounds.trim()).toBe(told.trim());
  expect(status).toMatch(/^learned +\S+Z published [0-9a-f]{12}: on the newest \d+ grades: log loss /m);
  expect(rolledBack).toMatch(/Live|live/);
});
