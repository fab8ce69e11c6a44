import { basename, dirname, resolve } from "node:path";

/** `results/gpt-4.1-mini.csv.gz` -> `gpt-4.1-mini`: names of models have dots of their own. */
export function nameOfFile(file: string): string {
  return basename(file)
    .replace(/\.gz$/, "")
    .replace(/\.(csv|tsv|txt|json|jsonl|ndjson)$/i, "");
}

/** The folder that a file lies in: what files have in common that are named by their models. */
export function nameOfFolder(file: string): string {
  return basename(dirname(resolve(file))) || "results";
}
