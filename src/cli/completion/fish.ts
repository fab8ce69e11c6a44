import { type CommandWords, everyCommand, type OptionWords, type Words } from "./command-tree.ts";

export function fishScript(name: string, tree: CommandWords): string {
  const lines = everyCommand(tree).flatMap((command) => linesOf(name, command));
  return `# Completion of ${name} for fish.\n${lines.join("\n")}\n`;
}

function linesOf(name: string, command: CommandWords): readonly string[] {
  const start = `complete -c ${name} -n ${quote(condition(command))}`;
  const [first] = command.arguments;
  return [
    ...command.commands.map(
      ({ path, description }) => `${start} -f -a ${path.at(-1)} -d ${quote(description)}`,
    ),
    ...command.options.map((option) => `${start} ${optionOf(option)}`),
    ...(first?.kind === "choices" ? [`${start} ${valueWords(first)}`] : []),
  ];
}

/** Holds where this command's own words come next. */
function condition({ path, commands }: CommandWords): string {
  if (path.length === 0) return "__fish_use_subcommand";
  const below = commands.map((command) => command.path.at(-1)).join(" ");
  const inside = `__fish_seen_subcommand_from ${path.at(-1)}`;
  return below === "" ? inside : `${inside}; and not __fish_seen_subcommand_from ${below}`;
}

function optionOf({ flag, description, value }: OptionWords): string {
  const parts = [`-l ${flag.slice(2)}`, ...(value === undefined ? [] : [valueWords(value)])];
  return [...parts, `-d ${quote(description)}`].join(" ");
}

function valueWords(words: Words): string {
  switch (words.kind) {
    case "choices":
      return `-x -a ${quote(words.choices.join(" "))}`;
    case "folders":
      return "-x -a '(__fish_complete_directories)'";
    case "files":
      return "-r -F";
    case "free":
      return "-x";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
