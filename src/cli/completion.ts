import { Argument, type Command } from "commander";
import { bashScript } from "./completion/bash.ts";
import { commandTree } from "./completion/command-tree.ts";
import { fishScript } from "./completion/fish.ts";
import { zshScript } from "./completion/zsh.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/**
 * `completion <shell>`: a script that knows every command by itself. Libraries for it (such as `@bomb.sh/tab`) start the
 * program at each Tab, and then complete no file names, which is what most arguments here are.
 */
export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a script for the shell that completes commands, options and files on Tab")
    .addArgument(new Argument("<shell>", "which shell reads it").choices(Object.keys(scripts)))
    .addHelpText(
      "after",
      `
Examples:
  eval "$(signalbox completion bash)"       in ~/.bashrc
  eval "$(signalbox completion zsh)"        in ~/.zshrc, after compinit
  signalbox completion fish > ~/.config/fish/completions/signalbox.fish`,
    )
    .action((shell: keyof typeof scripts) => {
      process.stdout.write(scripts[shell](program.name(), commandTree(program)));
    });
}
