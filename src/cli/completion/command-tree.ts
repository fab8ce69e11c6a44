import type { Argument, Command, Option } from "commander";

/** What may stand where a word is typed. */
export type Words =
  | { readonly kind: "choices"; readonly choices: readonly string[] }
  | { readonly kind: "files" }
  | { readonly kind: "folders" }
  /** Something that only the person knows, such as a number. */
  | { readonly kind: "free" };

export interface OptionWords {
  /** `--out` */
  readonly flag: string;
  readonly description: string;
  /** Undefined where the option takes no value. */
  readonly value: Words | undefined;
}

/** A command as the completion scripts need it. */
export interface CommandWords {
  /** Names from the first command on; empty for the program. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly arguments: readonly Words[];
  readonly commands: readonly CommandWords[];
}

/** Reads it from the commands themselves, so that completion can't lag behind them. */
export function commandTree(command: Command, path: readonly string[] = []): CommandWords {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).map(toOption),
    arguments: command.registeredArguments.map(wordsOfArgument),
    commands: help
      .visibleCommands(command)
      .map((child) => commandTree(child as Command, [...path, child.name()])),
  };
}

/** The command and all below it. */
export function everyCommand(tree: CommandWords): readonly CommandWords[] {
  return [tree, ...tree.commands.flatMap(everyCommand)];
}

function toOption(option: Option): OptionWords {
  const takesValue = option.required || option.optional;
  return {
    flag: option.long ?? option.short ?? option.flags,
    description: option.description,
    value: takesValue ? wordsOf(/[<[]([^>\]]*)/.exec(option.flags)?.[1], option.argChoices) : undefined,
  };
}

function wordsOfArgument(argument: Argument): Words {
  return wordsOf(argument.name(), argument.argChoices);
}

// By the names that help shows for values.
function wordsOf(name = "", choices: readonly string[] = []): Words {
  if (choices.length > 0) return { kind: "choices", choices };
  if (name === "dir") return { kind: "folders" };
  return { kind: /^(file|files|outcomes|bundle)\b/.test(name) ? "files" : "free" };
}
