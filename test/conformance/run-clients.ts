import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createApiKey } from "../../src/contract/api-key.ts";
import { startFaultWorker } from "../faults/fault-worker.ts";
import { runInBrowser } from "./clients/browser.ts";
import { startFakeProvider } from "./fake-provider.ts";

// `npm run clients`: what people's programs use, as their registries have it today, against a local Worker and a provider
// that only says hello. Installs everything anew in a folder of its own, runs the examples of docs/clients.md as they stand
// and the programs of test/conformance/clients, and prints the page's table.
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const programs = join(root, "test/conformance/clients");
const npmPackages = [
  ...[
    "openai",
    "@anthropic-ai/sdk",
    "ai",
    "@ai-sdk/openai",
    "@ai-sdk/openai-compatible",
    "@ai-sdk/anthropic",
  ],
  ...["@langchain/openai", "@langchain/core", "zod"],
];
const pythonPackages = [
  ...["openai", "anthropic", "langchain-openai", "langchain-anthropic", "litellm", "instructor"],
  // LiteLLM imports it for tools and responses, and does not require it.
  "mcp",
];
/** In an environment of its own: with anthropic 2, it fails before it sends anything. */
const pydanticPackages = ["pydantic-ai-slim[openai,anthropic]", "anthropic<1"];
const tools = ["@anthropic-ai/claude-code", "@openai/codex", "opencode-ai"];

interface Row {
  readonly client: string;
  readonly version: string;
  readonly passed: readonly string[];
  /** What failed, with its words; or why it was not run. */
  readonly failed: readonly string[];
}

const folder = await mkdtemp(join(tmpdir(), "signalbox-clients-"));
const made = await createApiKey("clients", (count) => crypto.getRandomValues(new Uint8Array(count)));
if (!made.ok) throw new Error(made.failure.message);
const { key, record } = made.value;
process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
const provider = await startFakeProvider();
const worker = await startFaultWorker({
  providerUrl: provider.baseUrl,
  variables: { AUTH: "keys", API_KEYS: record, CORS_ORIGINS: "*" },
  // biome-ignore lint/suspicious/noExplicitAny: a catalogue before anyone has checked it
  catalogue(document: any) {
    document.providers.fake.surfaces = { chat: {}, responses: {}, messages: {} };
    return document;
  },
});
provider.behaveAll({ kind: "able" });
const rows: Row[] = [];
try {
  const installed = await tried(installNpm);
  const python = await tried(() => installPython("python", pythonPackages));
  const pydantic = await tried(() => installPython("pydantic", pydanticPackages));
  await examples(installed.error, python);
  const node = (file: string) => [process.execPath, [file]] as const;
  for (const [client, file, name] of [
    ["openai", "openai.mjs", "openai"],
    ["@anthropic-ai/sdk", "anthropic.mjs", "@anthropic-ai/sdk"],
    ["Vercel AI SDK", "ai-sdk.mjs", "ai"],
    ["@langchain/openai", "langchain.mjs", "@langchain/openai"],
    ["Open WebUI and LibreChat, their lists", "lists.mjs", ""],
  ] as const) {
    await program(client, await versionOfNpm(name), node(join(folder, file)), installed.error);
  }
  for (const [client, file, name, { value, error }] of [
    ["openai (Python)", "openai_package.py", "openai", python],
    ["anthropic (Python)", "anthropic_package.py", "anthropic", python],
    ["langchain-openai, -anthropic", "langchain_package.py", "langchain-openai", python],
    ["LiteLLM", "litellm_package.py", "litellm", python],
    ["instructor", "instructor_package.py", "instructor", python],
    ["pydantic-ai", "pydantic_ai_package.py", "pydantic-ai-slim", pydantic],
  ] as const) {
    const command = [value ?? "python3", [join(folder, file)]] as const;
    await program(client, await versionOfPython(value, name), command, error);
  }
  rows.push({
    ...{ client: "openai in a browser", version: await versionOfNpm("openai") },
    ...(installed.error === undefined
      ? await runInBrowser({ folder, origin: worker.origin, key })
      : { passed: [], failed: [installed.error] }),
  });
  await codingTools();
} finally {
  await worker.stop();
  await provider.stop();
  await rm(folder, { recursive: true, force: true });
}
print();
process.exit(rows.every(({ failed }) => failed.length === 0) ? 0 : 1);

/** What could not be installed is told in the table. */
async function tried<Value>(work: () => Promise<Value>): Promise<{ value?: Value; error?: string }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: `could not be installed: ${firstLine(error)}` };
  }
}

async function installNpm(): Promise<void> {
  await cp(programs, folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--no-fund", "--no-audit", "--loglevel=error", ...npmPackages], {
    cwd: folder,
  });
  // Signalbox itself, as `npm install signalbox` would lay it out.
  await run("npm", ["run", "-s", "build:client"], { cwd: root });
  await mkdir(join(folder, "node_modules/signalbox"), { recursive: true });
  await cp(join(root, "package.json"), join(folder, "node_modules/signalbox/package.json"));
  await cp(join(root, "dist"), join(folder, "node_modules/signalbox/dist"), { recursive: true });
}

/** A Python that has the packages. */
async function installPython(name: string, packages: readonly string[]): Promise<string> {
  await run("python3", ["-m", "venv", join(folder, name)]);
  const python = join(folder, name, "bin/python");
  await run(python, ["-m", "pip", "install", "-q", ...packages]);
  return python;
}

/** The examples of docs/clients.md, as they stand. */
async function examples(
  npmError: string | undefined,
  python: { value?: string; error?: string },
): Promise<void> {
  const page = await readFile(join(root, "docs/clients.md"), "utf8");
  const passed: string[] = [];
  const failed: string[] = [];
  for (const section of page.split(/^## /m).slice(1)) {
    const [, language = "", code = ""] = /```(\w+)\n([\s\S]*?)```/.exec(section) ?? [];
    const title = section.split("\n", 1)[0] as string;
    const command = { sh: "sh", js: process.execPath, python: python.value ?? "python3" }[language];
    if (command === undefined || /^signalbox launch/m.test(code)) continue;
    const file = join(
      folder,
      `${title.replaceAll(/\W+/g, "-")}.${{ sh: "sh", js: "mjs" }[language] ?? "py"}`,
    );
    await writeFile(file, code.replaceAll("http://127.0.0.1:8787", worker.origin));
    const error = language === "python" ? python.error : npmError;
    const { stdout, told } = error === undefined ? await runs(command, [file]) : { stdout: "", told: error };
    if (told === undefined && stdout.trim() !== "") passed.push(title);
    else failed.push(`${title}: ${told ?? "it printed nothing"}`);
  }
  rows.push({ client: "the examples of this page", version: "", passed, failed });
}

async function program(
  client: string,
  version: string,
  [command, args]: readonly [string, readonly string[]],
  error: string | undefined,
): Promise<void> {
  const { stdout, told } = error === undefined ? await runs(command, args) : { stdout: "", told: error };
  const lines = stdout.split("\n");
  const passed = lines.flatMap((line) => (line.startsWith("ok ") ? [line.slice(3)] : []));
  const failed = lines.flatMap((line) => (line.startsWith("FAILED ") ? [line.slice(7)] : []));
  rows.push({ client, version, passed, failed: told !== undefined && failed.length === 0 ? [told] : failed });
  console.error(`${client}: ${passed.length} passed, ${failed.length} failed`);
}

/** Claude Code, Codex and OpenCode, each asked one thing as `signalbox launch` starts it. */
async function codingTools(): Promise<void> {
  const at = join(folder, "tools");
  await mkdir(join(at, "repository"), { recursive: true });
  const { error } = await tried(async () => {
    await writeFile(join(at, "package.json"), JSON.stringify({ private: true }));
    await run("npm", ["install", "--no-fund", "--no-audit", "--loglevel=error", ...tools], { cwd: at });
    await run("git", ["init", "-q"], { cwd: join(at, "repository") });
  });
  provider.behaveAll({ kind: "answer" });
  for (const [tool, name, args] of [
    ["claude", "@anthropic-ai/claude-code", ["-p", "Say hello."]],
    ["codex", "@openai/codex", ["exec", "--skip-git-repo-check", "Say hello."]],
    ["opencode", "opencode-ai", ["run", "Say hello."]],
  ] as const) {
    const main = join(root, "src/cli/main.ts");
    const PATH = `${join(at, "node_modules/.bin")}:${process.env["PATH"]}`;
    const { stdout, told } = await runs(process.execPath, [main, "launch", tool, "--", ...args], {
      cwd: join(at, "repository"),
      variables: { PATH, HOME: at },
    });
    const wrong =
      error ?? (stdout.includes("word4") ? undefined : (told ?? `it printed ${stdout.slice(0, 80)}`));
    rows.push({
      ...{ client: `signalbox launch ${tool}`, version: await versionOfNpm(name, at) },
      ...(wrong === undefined ? { passed: ["one question"], failed: [] } : { passed: [], failed: [wrong] }),
    });
  }
}

async function runs(
  command: string,
  args: readonly string[],
  { cwd = folder, variables = {} }: { cwd?: string; variables?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly stdout: string; readonly told?: string }> {
  const env = { ...process.env, SIGNALBOX_KEY: key, SIGNALBOX_URL: worker.origin, ...variables };
  const running = run(command, [...args], { cwd, env, timeout: 300_000 });
  // Some read what is piped into them first.
  running.child.stdin?.end();
  try {
    return { stdout: (await running).stdout };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return { stdout, told: firstLine(stderr.trim() || error) };
  }
}

async function versionOfNpm(name: string, at: string = folder): Promise<string> {
  if (name === "") return "";
  const file = await readFile(join(at, "node_modules", name, "package.json"), "utf8").catch(() => "{}");
  return JSON.parse(file).version ?? "";
}

async function versionOfPython(python: string | undefined, name: string): Promise<string> {
  if (python === undefined) return "";
  const code = `from importlib.metadata import version; print(version("${name}"))`;
  return (await runs(python, ["-c", code])).stdout.trim();
}

function firstLine(error: unknown): string {
  const lines = String((error as Error)?.message ?? error)
    .trim()
    .split("\n");
  return (lines.at(-1) as string).slice(0, 200);
}

function print(): void {
  console.log("| client | version | what passes | what does not |\n|---|---|---|---|");
  for (const { client, version, passed, failed } of rows) {
    console.log(
      `| ${client} | ${version} | ${passed.join(", ")} | ${failed.join("; ").replaceAll("|", "\\|")} |`,
    );
  }
}
