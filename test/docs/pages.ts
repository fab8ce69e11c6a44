import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Root of the repository, with a slash at the end. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Block {
  readonly language: string;
  /** What stands after the language, such as `run` or `file=catalogue.json`. */
  readonly note: string;
  readonly text: string;
}

export interface Page {
  /** Path from the root. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** The documentation for people: the pages in the root and in docs. */
export function readPages(): readonly Page[] {
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
    .concat(readdirSync(`${root}docs`).map((name) => `docs/${name}`))
    .filter((path) => path.endsWith(".md") && existsSync(root + path));
  return paths.map((path) => {
    const text = readFileSync(root + path, "utf8");
    return { path, text, blocks: blocksOf(text) };
  });
}

export function readPage(path: string): Page {
  const page = readPages().find((other) => other.path === path);
  if (page === undefined) throw new Error(`${path} is missing`);
  return page;
}

function blocksOf(text: string): readonly Block[] {
  const fences = /^( *)```(\w*) ?(.*)\n([\s\S]*?)^\1```$/gm;
  return Array.from(text.matchAll(fences), ([, , language, note, body]) => ({
    language: language as string,
    note: note as string,
    text: body as string,
  }));
}

/** The page without its code blocks, in which links are links. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
}
