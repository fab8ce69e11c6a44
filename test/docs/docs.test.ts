import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { readSafetensors } from "../../src/core/safetensors.ts";
import { type Page, proseOf, readPage, readPages, root } from "./pages.ts";

const pages = readPages();

describe.each(pages)("$path", (page) => {
  test("links lead somewhere", () => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);
    const broken = links.filter((link) => !/^[a-z]+:/.test(link) && !resolves(page, link));
    expect(broken).toEqual([]);
  });

  test("JSON is valid", () => {
    for (const { language, text } of page.blocks) {
      if (language === "json") expect(() => JSON.parse(text), text).not.toThrow();
    }
  });

  test("no paths of somebody's machine", () => {
    expect(page.text).not.toMatch(/(^|[\s"'(`])\/(work|tmp|home|Users)\//m);
  });
});

function resolves(page: Page, link: string): boolean {
  const [path, anchor] = link.split("#") as [string, string?];
  const file = path === "" ? page.path : join(dirname(page.path), path);
  if (!existsSync(root + file)) return false;
  return anchor === undefined || anchorsOf(readFileSync(root + file, "utf8")).includes(anchor);
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("commands and options of the command line exist", () => {
  const mentions = pages.flatMap(commandsOf);
  expect(mentions.length).toBeGreaterThan(10);
  const options = new Map(createProgram().commands.map((command) => [command.name(), optionsOf(command)]));
  const unknown = mentions.flatMap(({ page, command, mentioned }) => {
    const known = options.get(command);
    if (known === undefined) return [`${page}: ${command}`];
    return mentioned
      .filter((option) => !known.includes(option))
      .map((option) => `${page}: ${command} ${option}`);
  });
  expect(unknown).toEqual([]);
});

/** Every call of the command line in a page, with the options it is given. */
function commandsOf({ path, text }: Page) {
  const calls = text
    .replaceAll("\\\n", " ")
    .matchAll(/(?:npm run -s signalbox -- |npx signalbox |`signalbox )([a-z][a-z-]*)([^\n`|;#]*)/g);
  return Array.from(calls, ([, command, rest]) => ({
    page: path,
    command: command as string,
    mentioned: (rest as string).match(/--[a-z][a-z-]*/g) ?? [],
  }));
}

/** The options of a command, and of its subcommands. */
function optionsOf(command: Command): readonly string[] {
  const own = command.options.flatMap(({ long }) => long ?? []);
  return ["--help", ...own, ...command.commands.flatMap(optionsOf)];
}

test("npm scripts exist", () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const known = [...Object.keys(scripts), "test", "start"];
  const mentioned = pages.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g), ([, name]) => `${path}: ${name}`),
  );
  expect(mentioned.filter((mention) => !known.includes(mention.split(": ")[1] as string))).toEqual([]);
});

test("docs/bundle-format.md describes every tensor and field of the default bundle", () => {
  const { text } = readPage("docs/bundle-format.md");
  const file = readSafetensors(readFileSync(`${root}models/default/bundle.safetensors`));
  if (!file.ok) throw new Error(file.failure.message);
  const header = JSON.parse(file.value.metadata["signalbox"] ?? "");
  const names = [...file.value.tensors.keys(), ...Object.keys(header)];
  expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});

test("paths of the repository that pages name exist", () => {
  const missing = pages.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/(?:^|[\s`(])((?:src|test|models)\/[\w./-]*\w)/gm), ([, name]) => name as string)
      .filter((name) => !existsSync(root + name))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});
