import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { registerAddModel } from "./add-model.ts";
import { registerCatalogue } from "./catalogue.ts";
import { registerCompletion } from "./completion.ts";
import { installation } from "./configuration.ts";
import { registerCost } from "./cost.ts";
import { registerDeploy } from "./deploy.ts";
import { registerDoctor } from "./doctor.ts";
import { registerEvaluate } from "./evaluate.ts";
import { sentenceOf, WrongUsage } from "./failure.ts";
import { registerFeedback } from "./feedback.ts";
import { registerGarbageCollection } from "./gc.ts";
import { registerImport } from "./import.ts";
import { registerInit } from "./init.ts";
import { registerInspect } from "./inspect.ts";
import { registerKey } from "./key.ts";
import { registerLaunch } from "./launch.ts";
import { registerLearn } from "./learn.ts";
import { registerModels } from "./models.ts";
import { registerPromote, registerRollback } from "./move.ts";
import { commanderOutput, keepStdoutClean, passOnNoColor, tell } from "./output.ts";
import { registerPublish } from "./publish.ts";
import { registerReport } from "./report.ts";
import { registerRoute } from "./route.ts";
import { registerStart } from "./start.ts";
import { registerStatus } from "./status.ts";
import { registerTask } from "./task.ts";
import { registerTrain } from "./train.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** In the order in which a newcomer needs them. */
const groups: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  "Try it:": [registerStart, registerRoute, registerLaunch],
  "Learn from results:": [
    ...[registerImport, registerTrain, registerAddModel, registerTask, registerEvaluate],
    registerInspect,
  ],
  "Keep it current:": [registerModels, registerCatalogue],
  "Run it:": [
    ...[registerInit, registerDeploy, registerKey, registerPublish, registerPromote, registerRollback],
    ...[registerStatus, registerGarbageCollection, registerFeedback, registerLearn],
    ...[registerReport, registerCost],
  ],
  "This installation:": [registerDoctor, registerCompletion],
};

const EXAMPLES = `
Examples:
  signalbox start                                       a local Worker with a playground
  signalbox route --prompt "Integrate x^2 e^x."         one decision, offline
  signalbox evaluate outcomes.jsonl --protocol cv       is routing worth it on my results?
  signalbox train outcomes.jsonl --out my-router        learn from them
  signalbox publish my-router --local                   and use it`;

/** Runs what the command line asks for, and sets the exit code: 0 done, 1 the work failed, 2 wrong usage. */
export async function runProgram(): Promise<void> {
  keepStdoutClean();
  passOnNoColor(process.env);
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

export function createProgram(): Command {
  const program = new Command("signalbox")
    .description(
      "An LLM router that learned from benchmark results which model answers which prompt correctly.",
    )
    .version(versionOfPackage(), "--version", "print the version")
    // Terms stay short, so that descriptions have room to wrap in; arguments are in the command's own help.
    .configureOutput(commanderOutput)
    .configureHelp({ subcommandTerm: (command) => command.name(), minWidthToWrap: 20 })
    .showHelpAfterError("(add --help for the options and examples)")
    .addHelpText("after", EXAMPLES);
  for (const [group, registrations] of Object.entries(groups)) {
    program.commandsGroup(group);
    for (const register of registrations) register(program);
  }
  program.helpCommand("help [command]", "the help of a command");
  for (const command of [program, ...program.commands.flatMap((command) => [command, ...command.commands])]) {
    command.exitOverride();
  }
  return program;
}

function versionOfPackage(): string {
  return JSON.parse(readFileSync(join(installation, "package.json"), "utf8")).version;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  const sentence = sentenceOf(error);
  if (sentence !== undefined) {
    tell(`signalbox: ${sentence}`);
    return error instanceof WrongUsage ? EXIT_USAGE : EXIT_FAILED;
  }
  tell(`signalbox: unexpected error, please report it\n${error instanceof Error ? error.stack : error}`);
  return EXIT_FAILED;
}
