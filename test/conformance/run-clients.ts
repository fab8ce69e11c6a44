import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectSignalbox } from "../../src/client/index.ts";
import { createApiKey } from "../../src/contract/api-key.ts";
import { startFakeProvider } from "./fake-provider.ts";
import { startTestWorker } from "./test-worker.ts";

// `npm run clients`: runs every example of docs/clients.md as it stands, with the packages installed anew in a folder
// of their own. PYTHON names a Python that has the `openai` package; without it that example is left out.
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = ["openai", "ai", "@ai-sdk/openai-compatible", "@langchain/openai", "@langchain/core"];
const python = process.env["PYTHON"];

const commands: Readonly<Record<string, (file: string) => readonly [string, readonly string[]]>> = {
  sh: (file) => ["sh", [file]],
  js: (file) => [process.execPath, [file]],
  python: (file) => [python ?? "python3", [file]],
};
const extensions: Readonly<Record<string, string>> = { sh: "sh", js: "mjs", python: "py" };

const folder = await mkdtemp(join(tmpdir(), "signalbox-clients-"));
const made = await createApiKey("clients", (count) => crypto.getRandomValues(new Uint8Array(count)));
if (!made.ok) throw new Error(made.failure.message);
const provider = await startFakeProvider();
const worker = await startTestWorker({
  providerUrl: provider.baseUrl,
  variables: { AUTH: "keys", API_KEYS: made.value.record },
});
let failures = 0;
try {
  await install();
  if (python !== undefined) await runPythonPackage();
  for (const { title, language, code } of examples(await readFile(join(root, "docs/clients.md"), "utf8"))) {
    if (language === "python" && python === undefined) {
      console.log(`left out  ${title}: set PYTHON`);
      continue;
    }
    const file = join(folder, `${title.replaceAll(/\W+/g, "-")}.${extensions[language]}`);
    await writeFile(file, code.replaceAll("http://127.0.0.1:8787", worker.origin));
    await report(title, (commands[language] as (typeof commands)[string])(file));
  }
} finally {
  await worker.stop();
  await provider.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);

async function runPythonPackage(): Promise<void> {
  const signalbox = connectSignalbox({ baseUrl: worker.origin, apiKey: made.ok ? made.value.key : "" });
  const [, , , TOOL_MODEL, FLOOD_MODEL, LIMITED_MODEL] = (await signalbox.models()).map(({ id }) => id);
  const special = { TOOL_MODEL, FLOOD_MODEL, LIMITED_MODEL } as Record<
    "TOOL_MODEL" | "FLOOD_MODEL" | "LIMITED_MODEL",
    string
  >;
  provider.behave(`fake/${special.TOOL_MODEL}`, { kind: "tool-call" });
  provider.behave(`fake/${special.FLOOD_MODEL}`, { kind: "flood" });
  provider.behave(`fake/${special.LIMITED_MODEL}`, { kind: "status", status: 429 });
  await report(
    "The Python package",
    [python as string, [join(root, "test/conformance/openai_package.py")]],
    special,
  );
  provider.reset();
}

async function report(
  title: string,
  [command, args]: readonly [string, readonly string[]],
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const own = { SIGNALBOX_KEY: (made.ok && made.value.key) || "", SIGNALBOX_URL: worker.origin };
  try {
    const env = { ...process.env, ...own, ...variables };
    const { stdout } = await run(command, [...args], { cwd: folder, env, timeout: 60_000 });
    if (stdout.trim() === "") throw new Error("it printed nothing");
    console.log(`ok        ${title}: ${stdout.trim().split("\n")[0]?.slice(0, 100)}`);
  } catch (error) {
    failures++;
    console.log(`FAILED    ${title}: ${(error as { stderr?: string }).stderr ?? String(error)}`);
  }
}

async function install(): Promise<void> {
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--no-fund", "--no-audit", "--loglevel=error", ...packages], { cwd: folder });
  // Signalbox itself, as `npm install signalbox` would lay it out.
  await run("npm", ["run", "-s", "build:client"], { cwd: root });
  await mkdir(join(folder, "node_modules/signalbox"), { recursive: true });
  await cp(join(root, "package.json"), join(folder, "node_modules/signalbox/package.json"));
  await cp(join(root, "dist"), join(folder, "node_modules/signalbox/dist"), { recursive: true });
}

interface Example {
  readonly title: string;
  readonly language: string;
  readonly code: string;
}

function examples(page: string): readonly Example[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [, language, code] = /```(\w+)\n([\s\S]*?)```/.exec(section) ?? [];
      return {
        title: section.split("\n", 1)[0] as string,
        language: language as string,
        code: code as string,
      };
    });
}
