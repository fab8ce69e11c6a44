import { exec, execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { readOutcomes } from "../../src/outcomes/read-outcomes.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { copyPublishedState } from "../prepared.ts";
import { notRun, type Runnable, runnables } from "./line-rules.ts";
import { readPage, readPages, root } from "./pages.ts";

const run = promisify(exec);
const config = join(root, "wrangler.toml");
const python = process.env["PYTHON"] ?? "python3";
const all = runnables(readPages()).filter(({ note }) => note === "");
const wanted = all.filter(({ code }) => !notRun.some(({ pattern }) => pattern.test(code)));
let folder: string;
let provider: FakeProvider;
let worker: LocalWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-blocks-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await symlink(join(root, "models"), join(folder, "models"));
  provider = await startFakeProvider();
  worker = await startTestWorker({ providerUrl: provider.baseUrl });
  await writeResults();
  await layOutFixtures();
  await writeExport();
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Outcome files by the names that pages use. */
async function writeResults(): Promise<void> {
  const record = (model: string) => (_: unknown, i: number) => {
    const outcomes = { "gpt-4o-mini": (i * 7) % 2, "gpt-5.4": Number(i % 3 > 0), [model]: Number(i % 5 > 0) };
    const prompt = i % 2 ? `What is ${i} plus ${3 * i}?` : `Name a word that rhymes with number ${i}.`;
    return JSON.stringify({ task: i % 2 ? "sums" : "words", id: String(i), prompt, outcomes });
  };
  for (const [name, model] of [
    ["outcomes.jsonl", "claude-sonnet-4.6"],
    ["results.jsonl", "claude-sonnet-4.6"],
    ["new-results.jsonl", "new-llm"],
  ] as const) {
    await writeFile(join(folder, name), Array.from({ length: 120 }, record(model)).join("\n"));
  }
}

/** What other tools wrote, by the names that docs/importing.md uses. */
async function layOutFixtures(): Promise<void> {
  const copies = {
    "lm-eval/tiny-a": "results/tiny-a",
    "lm-eval/tiny-b": "results/tiny-b",
    inspect: "logs",
    "promptfoo/results.json": "results.json",
    "helm/everyday-tiny-a": "benchmark_output/runs/mine/mmlu-a",
    "helm/everyday-tiny-b": "benchmark_output/runs/mine/mmlu-b",
    "openai-evals/tiny-a.jsonl": "log.jsonl",
    "routerbench/everyday.csv": "routerbench_0shot.csv",
    "embedllm/everyday.csv": "train.csv",
    llmrouterbench: "results/bench",
    "preferences/arena.csv": "votes.csv",
    "langsmith/tiny-a.csv": "tiny-a.csv",
    "langsmith/tiny-b.csv": "tiny-b.csv",
    "langfuse/observations.json": "observations.json",
    "braintrust/experiment.csv": "experiment.csv",
    "deepeval/tiny-a.json": "deepeval/tiny-a.json",
    "deepeval/tiny-b.json": "deepeval/tiny-b.json",
  };
  for (const [from, to] of Object.entries(copies)) {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await cp(join(root, "test/importers/fixtures", from), join(folder, to), { recursive: true });
  }
}

/** Rows of a table that no importer knows, by the columns that docs/importing.md maps. */
async function writeExport(): Promise<void> {
  const rows = ["tiny-a", "tiny-b"].map((model, k) =>
    JSON.stringify({
      inputs: { question: "What is 2 + 2?" },
      metadata: { model },
      feedback: { correctness: k },
    }),
  );
  await writeFile(join(folder, "export.jsonl"), rows.join("\n"));
}

/** A command of a page as it runs here: the code of this clone, a state of its own, and never Cloudflare. */
function here(command: string): string {
  const signalbox = `"${process.execPath}" "${join(root, "src/cli/main.ts")}"`;
  const local = command
    .replace("npm run -s signalbox --", signalbox)
    .replace("http://127.0.0.1:8787", worker.origin)
    .replace(" --remote", " --local")
    .replace(" out/ ", " my-router ");
  return /signalbox -- (learn|publish|promote|rollback|status|gc|report|feedback pull|feedback prune)\b/.test(
    command,
  )
    ? `${local} --config "${config}" --state state`
    : local;
}

async function sh(command: string): Promise<string> {
  return (await run(here(command), { cwd: folder })).stdout;
}

function of(page: string, pattern: RegExp): readonly string[] {
  return wanted.filter((one) => one.page === page && pattern.test(one.code)).map(({ code }) => code);
}

const ran = new Set<string>();

function take(page: string, pattern: RegExp): readonly string[] {
  const found = of(page, pattern);
  for (const code of found) ran.add(`${page}: ${code}`);
  return found;
}

describe("README.md", () => {
  test("learning: the commands work in their order", async () => {
    const [evaluate = "", train = "", publish = "", ...none] = take(
      "README.md",
      /signalbox -- (evaluate|train|publish)/,
    );
    expect(none).toEqual([]);
    expect(await sh(`${evaluate} --folds 2 --routers landmark-heads --experiments none`)).toContain(
      "landmark-heads",
    );
    expect(await sh(train.replace("--out", "--min-outcomes 50 --out"))).toContain("Written to my-router");
    expect(await sh(publish)).toContain("Live: bundle");
  });

  test("curl gets the decision that is shown", async () => {
    const [curl = ""] = take("README.md", /^curl/);
    const shown = JSON.parse(
      readPage("README.md").blocks.find(({ text }) => text.includes('"dec_'))?.text ?? "",
    );
    const answer = JSON.parse(await sh(curl));
    expect(Object.keys(answer)).toEqual(Object.keys(shown));
    expect([answer.model, answer.reason]).toEqual([shown.model, shown.reason]);
    expect(answer.ranking.map(({ model }: { model: string }) => model)).toEqual(
      shown.ranking.map(({ model }: { model: string }) => model),
    );
    expect(answer.p_correct).toBeCloseTo(shown.p_correct, 1);
  });

  test("the outcome lines that pages show are read", async () => {
    const lines = ["README.md", "docs/tutorial.md"].flatMap((path) =>
      readPage(path).blocks.filter(
        ({ language, text }) => language === "json" && text.includes('"outcomes"'),
      ),
    );
    expect(lines).toHaveLength(2);
    for (const [index, { text }] of lines.entries()) {
      const file = join(folder, `shown-${index}.jsonl`);
      await writeFile(file, text);
      expect(await readOutcomes([file])).toMatchObject({ ok: true });
    }
  });
});

test.each(wanted.filter(({ language }) => language === "js"))(
  "$page: JavaScript runs",
  async ({ page, code }) => {
    ran.add(`${page}: ${code}`);
    const file = join(folder, `example-${ran.size}.mjs`);
    const own = code
      .replaceAll("http://127.0.0.1:8787", worker.origin)
      .replace("signalbox/client", join(root, "src/client/index.ts")); // test/package has the installed one
    // What is shown of it where the example itself prints nothing.
    const print = own.includes("console.log") ? "" : "\nconsole.log(answer.choices[0].message.content);";
    await writeFile(file, own + print);
    const { stdout } = await run(`"${process.execPath}" "${file}"`, {
      cwd: folder,
      env: { ...process.env, SIGNALBOX_KEY: "local" },
    });
    expect(stdout.trim()).not.toBe("");
  },
);

test("docs/api.md, docs/clients.md, docs/tutorial.md: curl", async () => {
  for (const page of ["docs/api.md", "docs/clients.md", "docs/tutorial.md"]) {
    for (const curl of take(page, /^curl/)) expect(JSON.parse(await sh(curl))).toHaveProperty("id");
  }
});

test.each(wanted.filter(({ code }) => /^npm .* import [a-z]/.test(code)))(
  "$page: $code",
  async ({ page, code }) => {
    ran.add(`${page}: ${code}`);
    expect(await sh(code.replace(/--out \S+/, "--out imported.jsonl"))).toMatch(
      /^imported\.jsonl: \d+ prompts?/,
    );
  },
);

test("docs/importing.md: the tables of your own", async () => {
  for (const table of take("docs/importing.md", /^task,id,prompt/)) {
    await writeFile(join(folder, "table.csv"), table);
    expect(await sh("npm run -s signalbox -- import csv table.csv --out imported.jsonl")).toContain("tiny-b");
  }
});

test("docs/evaluation.md: a report of your own results", async () => {
  const [command = ""] = take("docs/evaluation.md", /evaluate results/);
  expect(await sh(`${command} --routers landmark-heads --experiments paper`)).toContain("best per task");
  expect(await readFile(join(folder, "report.html"), "utf8")).toContain("<html");
});

test("docs/deploy.md and the tutorial: publishing, with the local KV in place of the remote one", async () => {
  await copyPublishedState(join(folder, "state"), true);
  for (const page of ["docs/deploy.md", "docs/tutorial.md"]) {
    for (const command of take(
      page,
      /(publish|promote|rollback|status|gc|feedback pull|feedback prune) .*--remote/,
    )) {
      const router = command.replace("my-router", "models/default");
      // Content may be deleted only when no Worker can be reading by an earlier pointer.
      if (/ gc /.test(command)) await expect(sh(router)).rejects.toThrow(/less than five minutes ago/);
      else await sh(router.replace(" out/ ", " models/default "));
    }
  }
  for (const command of take("docs/learning.md", / learn /)) {
    expect(await sh(command)).toContain("0 new grades, and 100 are needed");
  }
});

test("docs/report.md: the report, with the local D1 in place of the remote one", async () => {
  await copyPublishedState(join(folder, "state"), true);
  for (const command of take("docs/report.md", /signalbox -- report/))
    expect(await sh(command.replace("my-router", "models/default"))).toContain("No decisions were recorded");
});

test("docs/catalogue.md: what keeps it true", async () => {
  const [models = "", check = ""] = take("docs/catalogue.md", /signalbox -- (models|catalogue check)$/);
  expect(await sh(models)).toContain("gpt-5.4");
  expect(await sh(check)).toMatch(/^\d+ models, 0 errors, 0 warnings/);
});

test("docs/tutorial.md: a new model", async () => {
  await writeFile(join(folder, "scores.json"), JSON.stringify({ "*": 0.8 }));
  for (const command of take("docs/tutorial.md", /add-model/)) {
    await sh(command.replace("--bundle my-router", "--bundle models/default"));
  }
});

test("docs/tutorial.md, README.md: npm start is the command that test/package starts", async () => {
  const { scripts } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  expect(scripts.start).toBe("node src/cli/main.ts start");
  expect([...take("README.md", /^npm start$/), ...take("docs/tutorial.md", /^npm start$/)]).toHaveLength(2);
});

test("docs/deploy.md: what a month costs is what the command prints", async () => {
  const [command = ""] = take("docs/deploy.md", /signalbox -- cost/);
  expect(readPage("docs/deploy.md").text).toContain(await sh(command));
});

test("docs/deploy.md: the lines for wrangler.toml", async () => {
  const file = join(folder, "wrangler.toml");
  for (const lines of take("docs/deploy.md", /custom_domain/)) {
    await writeFile(
      file,
      (await readFile(config, "utf8")).replace("\n# The playground", `\n${lines.trim()}\n\n# The playground`),
    );
    expect(readConfig({ config: file }).routes).toEqual([
      { pattern: "router.example.com", custom_domain: true },
    ]);
  }
  const [stored = ""] = take("docs/deploy.md", /secrets_store_secrets/);
  await writeFile(file, `${await readFile(config, "utf8")}\n${stored}`);
  expect(readConfig({ config: file }).secrets_store_secrets).toMatchObject([{ binding: "API_KEYS" }]);
  const [exported = ""] = take("docs/deploy.md", /^\[observability/);
  const own = "[observability.logs]\ninvocation_logs = false\n";
  const text = await readFile(config, "utf8");
  expect(text).toContain(own);
  await writeFile(file, text.replace(own, exported));
  expect(readConfig({ config: file }).observability).toMatchObject({
    enabled: true,
    logs: { invocation_logs: false, destinations: ["my-otlp-logs"] },
    traces: { enabled: true, destinations: ["my-otlp-traces"] },
  });
});

test.skipIf(!hasSafetensors())(
  "docs/bundle-format.md: Python reads a bundle and prints what is shown",
  async () => {
    const [code = ""] = take("docs/bundle-format.md", /safetensors/);
    await writeFile(join(folder, "read.py"), code);
    const { stdout } = await run(`${python} read.py`, { cwd: folder });
    expect(readPage("docs/bundle-format.md").blocks.map(({ text }) => text)).toContain(stdout);
  },
);

function hasSafetensors(): boolean {
  try {
    execFileSync(python, ["-c", "import numpy, safetensors"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("PYTHON lacks numpy or safetensors: the Python block of docs/bundle-format.md is not run");
    return false;
  }
}

test("every block is run above, or listed with its reason", () => {
  const python = (one: Runnable) => one.language === "python" && !hasSafetensors();
  const missed = wanted.filter((one) => !ran.has(`${one.page}: ${one.code}`) && !python(one));
  expect(missed.map(({ page, code }) => `${page}: ${code}`)).toEqual([]);
  const idle = notRun.filter(({ pattern }) => !all.some(({ code }) => pattern.test(code)));
  expect(idle).toEqual([]);
});
