import type { CommandWords, OptionWords, Words } from "./command-tree.ts";

/** For zsh with its completion system on (`compinit`). */
export function zshScript(name: string, tree: CommandWords): string {
  return `#compdef ${name}
# Completion of ${name} for zsh.
${functionsOf(name, tree).join("\n")}
compdef _${name} ${name}
`;
}

/** One function a command; a command with commands below it calls theirs. */
function functionsOf(name: string, command: CommandWords): readonly string[] {
  const own = ["", name, ...command.path].join("_").replaceAll("-", "_");
  if (command.commands.length === 0) return [`${own}() {\n  _arguments ${specs(command).join(" ")}\n}`];
  const names = command.commands.map((child) => `    ${quote(described(child))}`);
  const calls = command.commands.map(
    ({ path }) =>
      `    ${path.at(-1)}) shift words; (( CURRENT-- )); ${["", name, ...path].join("_").replaceAll("-", "_")};;`,
  );
  return [
    ...command.commands.flatMap((child) => functionsOf(name, child)),
    `${own}() {
  local -a commands
  if (( CURRENT == 2 )); then
    if [[ "$words[2]" == -* ]]; then _arguments ${specs(command).join(" ")}; return; fi
    commands=(
${names.join("\n")}
    )
    _describe -t commands command commands
    return
  fi
  case "$words[2]" in
${calls.join("\n")}
  esac
}`,
  ];
}

function described({ path, description }: CommandWords): string {
  return `${path.at(-1)}:${description.replaceAll(":", "\\:")}`;
}

function specs({ options, arguments: words }: CommandWords): readonly string[] {
  const last = words.at(-1);
  return [
    ...options.map((option) => quote(`${option.flag}[${escaped(option.description)}]${valueSpec(option)}`)),
    ...words.map((word, index) => quote(`${index + 1}:: :${action(word)}`)),
    ...(last === undefined ? [] : [quote(`*:: :${action(last)}`)]),
  ];
}

function valueSpec({ flag, value }: OptionWords): string {
  return value === undefined ? "" : `:${flag.slice(2)}:${action(value)}`;
}

function action(words: Words): string {
  switch (words.kind) {
    case "choices":
      return `(${words.choices.join(" ")})`;
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "free":
      return " ";
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, (character) => `\\${character}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
