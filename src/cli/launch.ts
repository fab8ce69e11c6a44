import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Argument, type Command } from "commander";
import { connectSignalbox, SignalboxError } from "../client/index.ts";
import { startCommand } from "./configuration.ts";
import { CommandFailure, WrongUsage } from "./failure.ts";
import { type Destination, type Launch, type ToolName, toolNames, tools } from "./launch/tools.ts";
import { print } from "./output.ts";

interface LaunchOptions {
  readonly url: string;
  readonly model: string;
  readonly print?: boolean;
}

/** `launch <tool>`: a coding tool that asks this Worker. */
export function registerLaunch(program: Command): void {
  program
    .command("launch")
    .description("start a coding tool with address, key and model set for a Worker")
    .addArgument(new Argument("<tool>", "what to start").choices(toolNames))
    .argument("[args...]", "what the tool is given, after --")
    .option("--url <address>", "of the Worker", process.env["SIGNALBOX_URL"] ?? "http://127.0.0.1:8787")
    .option("--model <name>", "auto, auto with options, or a model's name", "auto")
    .option("--print", "print what would be set and started; on a terminal without the key")
    .addHelpText(
      "after",
      `
The key is SIGNALBOX_KEY of the environment; a Worker that is open, as \`signalbox start\` makes one, needs none.

Examples:
  signalbox launch claude                                Claude Code on /v1/messages
  signalbox launch codex --model auto:spend=0.3          Codex on /v1/responses
  signalbox launch opencode -- run "Explain this code"   OpenCode on /v1/chat/completions
  eval "$(signalbox launch claude --print)"              sets the environment of this shell`,
    )
    .action(launch);
}

async function launch(name: ToolName, args: readonly string[], options: LaunchOptions): Promise<void> {
  const tool = tools[name];
  // Whatever text will do where nobody asks for a key, but the tools insist on one.
  const key = process.env["SIGNALBOX_KEY"] || "none-needed";
  const destination = { url: originOf(options.url), key, model: options.model };
  const planned: Launch = tool.launch(destination);
  if (options.print === true) {
    for (const line of shellLines(name, planned, process.stdout.isTTY ? key : undefined)) print(line);
    return;
  }
  const path = pathOf(tool.command);
  if (path === undefined) {
    throw new CommandFailure({
      code: "tool_not_installed",
      message: `there is no \`${tool.command}\` on the PATH; \`${tool.install}\` installs it`,
    });
  }
  await needWorker(destination);
  process.exitCode = await run(path, [...planned.args, ...args], planned.environment);
}

function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new WrongUsage(`--url "${address}" is no address such as https://router.example.workers.dev`);
  }
  return url.origin;
}

/** What a shell runs for the same; a variable that must not be there is empty. */
function shellLines(
  name: ToolName,
  { environment, args }: Launch,
  hidden: string | undefined,
): readonly string[] {
  const lines = Object.entries(environment).map(([variable, value]) => `export ${variable}=${quoted(value)}`);
  const command = args.length === 0 ? [] : [`alias ${name}=${quoted([name, ...args].map(quoted).join(" "))}`];
  return [...lines, ...command].map((line) =>
    hidden === undefined
      ? line
      : line.replaceAll(hidden, "<SIGNALBOX_KEY; shown where the output is no terminal>"),
  );
}

/** One word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function pathOf(command: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

/** A tool would tell of a Worker that does not answer, or takes no such key, in words of its own provider. */
async function needWorker({ url, key, model }: Destination): Promise<void> {
  const signalbox = connectSignalbox({ baseUrl: url, apiKey: key, timeoutMs: 10_000 });
  try {
    const names = (await signalbox.models()).flatMap(({ id, aliases }) => [id, ...(aliases ?? [])]);
    if (names.includes(model.split(":", 1)[0] as string)) return;
  } catch (error) {
    const told = error instanceof SignalboxError && error.status !== undefined;
    const advice = told
      ? "set SIGNALBOX_KEY to a key of it; `signalbox key` makes one"
      : `\`${startCommand()}\` starts one on this machine, --url names another`;
    throw new CommandFailure({
      code: "worker_not_reached",
      message: told
        ? `${url} answers: ${error.message}; ${advice}`
        : `no Worker answers at ${url}; ${advice}`,
    });
  }
  throw new WrongUsage(`--model "${model}" is neither auto nor a model of ${url}; GET /v1/models lists them`);
}

/** The tool has the terminal until it ends; its exit code. */
function run(path: string, args: readonly string[], environment: Launch["environment"]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: "inherit", env: { ...process.env, ...environment } });
    // It is the tool's to end on Ctrl-C, not ours to leave it behind.
    const ignore = () => undefined;
    process.on("SIGINT", ignore);
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}
