import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { RouterKind } from "../../src/core/predictor.ts";
import { formats } from "../../src/importers/formats.ts";

/** Places that CONTRIBUTING.md's lists name and that neither the compiler nor another test holds. */
const page = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test.each(Object.keys(formats))("docs/importing.md has a row and a section for %s", async (format) => {
  const text = await page("importing.md");
  expect(text).toMatch(new RegExp(`^\\| \\[\`${format}\`\\]\\(#[\\w-]+\\) \\|`, "m"));
  const section = new RegExp(`^\\| \\[\`${format}\`\\]\\(#([\\w-]+)\\)`, "m").exec(text)?.[1];
  const headings = [...text.matchAll(/^##+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replace(/\s/g, "-"),
  );
  expect(headings).toContain(section);
});

const kinds: Readonly<Record<RouterKind, true>> = { "landmark-heads": true, knn: true };

test.each(Object.keys(kinds))("docs/bundle-format.md has the tensors of %s", async (kind) => {
  expect(await page("bundle-format.md")).toContain(`\n## Tensors of ${kind}\n`);
});
