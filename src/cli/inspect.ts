import { readFile, stat } from "node:fs/promises";
import type { Command } from "commander";
import { loadPredictor } from "../core/bundle.ts";
import { unwrap } from "./failure.ts";
import { print } from "./output.ts";
import { bundlePath } from "./router-folder.ts";
import { showMarkdown } from "./show-markdown.ts";

/** `inspect <bundle>`: what is inside. */
export function registerInspect(program: Command): void {
  program
    .command("inspect")
    .description("show what a bundle holds")
    .argument("<bundle>", "bundle.safetensors or the folder that holds it")
    .option("--json", "print the bundle's own JSON document")
    .addHelpText(
      "after",
      `
Examples:
  signalbox inspect my-router
  signalbox inspect my-router --json | jq .training`,
    )
    .action(inspect);
}

async function inspect(path: string, { json }: { readonly json?: boolean }): Promise<void> {
  const file = (await stat(path)).isDirectory() ? bundlePath(path) : path;
  const bytes = await readFile(file);
  const { header } = unwrap(loadPredictor(bytes));
  if (json) {
    print(JSON.stringify(header));
    return;
  }
  const { modelCard } = await import("../training/model-card.ts");
  print(showMarkdown(modelCard(bytes)));
}
