#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { registerAddModel } from "./add-model.ts";
import { registerEvaluate } from "./evaluate.ts";
import { CommandFailure } from "./failure.ts";
import { registerFeedback } from "./feedback.ts";
import { registerGarbageCollection } from "./gc.ts";
import { registerImport } from "./import.ts";
import { registerInspect } from "./inspect.ts";
import { registerKey } from "./key.ts";
import { registerPromote } from "./promote.ts";
import { registerPublish } from "./publish.ts";
import { registerReport } from "./report.ts";
import { registerRollback } from "./rollback.ts";
import { registerRoute } from "./route.ts";
import { registerStart } from "./start.ts";
import { registerStatus } from "./status.ts";
import { registerTask } from "./task.ts";
import { registerTrain } from "./train.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const program = new Command("signalbox")
  .description(
    "An LLM router that learned from benchmark results which model answers which prompt correctly.",
  )
  .showHelpAfterError("(add --help for the options)")
  .exitOverride();

// In the order in which a newcomer needs them.
const commands = [
  registerStart,
  registerRoute,
  registerImport,
  registerTrain,
  registerAddModel,
  registerTask,
  registerEvaluate,
  registerInspect,
  registerPublish,
  registerPromote,
  registerRollback,
  registerStatus,
  registerGarbageCollection,
  registerFeedback,
  registerReport,
  registerKey,
];
for (const register of commands) register(program);
for (const command of program.commands.flatMap((command) => [command, ...command.commands])) {
  command.exitOverride();
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof CommandFailure) {
    process.stderr.write(`signalbox: ${error.message}\n`);
    return EXIT_FAILED;
  }
  process.stderr.write(
    `signalbox: unexpected error, please report it\n${error instanceof Error ? error.stack : error}\n`,
  );
  return EXIT_FAILED;
}
