import { type CommandWords, everyCommand } from "./command-tree.ts";

/** Needs bash 3.2 or later and nothing else. */
export function bashScript(name: string, tree: CommandWords): string {
  const commands = everyCommand(tree);
  const paths = commands.slice(1).map(({ path }) => `"${path.join(" ")}"`);
  const options = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flag, value }) =>
      value === undefined ? [] : [{ words: `"${path.join(" ")} ${flag}"`, value }],
    ),
  );
  const chosen = options.flatMap(({ words, value }) =>
    value.kind === "choices" ? [`    ${words}) words="${value.choices.join(" ")}";;`] : [],
  );
  const other = options.filter(({ value }) => value.kind !== "choices").map(({ words }) => words);
  const words = commands.map(
    (command) => `    "${command.path.join(" ")}") options="${flags(command)}"${plainWords(command)};;`,
  );
  return `# Completion of ${name} for bash.
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" options="" words="" index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${path:+$path }\${COMP_WORDS[index]}" in
      ${paths.join("|")}) path="\${path:+$path }\${COMP_WORDS[index]}";;
    esac
  done
  case "$path $previous" in
${chosen.join("\n")}
    ${other.join("|")}) ;;
    *) case "$path" in
${words.join("\n")}
    esac
    [[ "$current" == -* ]] && words="$options";;
  esac
  # Without an answer bash completes file names.
  [[ -n "$words" ]] && COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _${name} ${name}
`;
}

function flags({ options }: CommandWords): string {
  return options.map(({ flag }) => flag).join(" ");
}

function plainWords({ commands, arguments: [first] }: CommandWords): string {
  if (commands.length > 0) return `; words="${commands.map(({ path }) => path.at(-1)).join(" ")}"`;
  // The choices of a first argument, as long as it is the word that is typed.
  if (first?.kind !== "choices") return "";
  return `; [[ "$path" == *"$previous" ]] && words="${first.choices.join(" ")}"`;
}
