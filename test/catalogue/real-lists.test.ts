import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkCatalogue } from "../../src/catalogue/check.ts";
import type { ModelDocument } from "../../src/catalogue/model-changes.ts";
import type { PriceListKind } from "../../src/catalogue/price-list.ts";
import { readPriceList } from "../../src/catalogue/read-price-list.ts";
import { refreshCatalogue, setField } from "../../src/catalogue/refresh.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { documentOf, unwrap } from "./lists.ts";

const shipped = readFileSync(new URL("../../models/default/catalogue.json", import.meta.url), "utf8");
const lists = new URL("../../../shared/data/prices/", import.meta.url);

test("the shipped catalogue has no model past its date, and each price has source and day", () => {
  const document = documentOf(shipped);
  // The day it was made: what leaves its provider later is for the catalogue of then.
  const findings = checkCatalogue(document, unwrap(parseCatalogue(document)), "2026-11-30");
  expect(findings.filter(({ level }) => level === "error")).toEqual([]);
});

type Path = readonly string[];

/** A field, and what is to stand there in place of what is right. */
type Mistake = readonly [Path, unknown | ((model: ModelDocument) => unknown)];

const price = (name: string, value: number): Mistake => [["usd_per_million_tokens", name], value];
const withoutTools: Mistake = [
  ["capabilities"],
  ({ capabilities }: ModelDocument) => capabilities.filter((name) => name !== "tools"),
];
const anywhere: readonly Mistake[] = [
  price("input", 77),
  price("output", 0.001),
  price("input", 0),
  price("output", 1000),
  [["context_tokens"], 17],
  [["context_tokens"], 99_000_000],
  withoutTools,
];
/** Ten for each list, of what it speaks of; one for each of ten models. */
const mistakes: Readonly<Record<PriceListKind, readonly Mistake[]>> = {
  litellm: [
    ...anywhere,
    price("cached_input", 55),
    [["max_output_tokens"], 3],
    [["usd_per_million_tokens", "tiers"], [{ above_input_tokens: 5, input: 1, output: 1 }]],
  ],
  "models.dev": [...anywhere, [["released"], "1999-01-01"], [["max_output_tokens"], 3], withoutTools],
  openrouter: [...anywhere, price("input", 3.14), [["context_tokens"], 1], withoutTools],
};

describe.skipIf(!existsSync(lists))("the real price lists (skipped without ../shared/data/prices)", () => {
  test.each([
    ["litellm", "litellm-1.110.2.json.gz", "2026-10-17"],
    ["models.dev", "models-dev-2026-05.json.gz", "2026-05-21"],
    ["openrouter", "openrouter-2026-10-05.json", "2026-10-05"],
  ] as const)("%s: ten errors are found, told and mended, and nothing else is touched", (kind, file, day) => {
    const list = unwrap(readPriceList(kind, readFileSync(new URL(file, lists))));
    const source = { from: file, as_of: day };
    const refresh = (text: string) => refreshCatalogue(text, documentOf(text), list, source);
    // Nothing is known from a later day, and all is as this list has it.
    const ids = Object.keys(documentOf(shipped).models);
    const bare = ids.reduce((text, id) => setField(text, ["models", id, "sources"], undefined), shipped);
    const { text: right, found } = refresh(bare);
    expect(refresh(right).changes).toEqual([]);
    expect(found.length).toBeGreaterThanOrEqual(10);

    const wrong = mistakes[kind].reduce((text, [path, value], k) => {
      const model = documentOf(right).models[found[k] as string] as ModelDocument;
      return setField(
        text,
        ["models", found[k] as string, ...path],
        typeof value === "function" ? value(model) : value,
      );
    }, right);
    const mended = refresh(wrong);
    expect(mended.changes.map(({ model, path }) => [model, path])).toEqual(
      mistakes[kind].map(([path], k) => [found[k], path]),
    );
    const after = documentOf(mended.text).models;
    const before = documentOf(right).models;
    for (const [id, model] of Object.entries(before)) {
      // LiteLLM tells the input alone: the answer's room beside it, once it is lost, is not in the list.
      const input = kind === "litellm" ? { context_tokens: after[id]?.context_tokens } : {};
      expect(after[id]).toEqual({ ...model, ...input });
    }
  });

  test("the shipped catalogue says what the lists of the same day say", () => {
    for (const [kind, file, day] of [
      ["litellm", "litellm-1.110.2.json.gz", "2026-10-17"],
      ["openrouter", "openrouter-2026-10-05.json", "2026-10-05"],
    ] as const) {
      const list = unwrap(readPriceList(kind, readFileSync(new URL(file, lists))));
      const { changes } = refreshCatalogue(shipped, documentOf(shipped), list, { from: file, as_of: day });
      expect(changes).toEqual([]);
    }
  });
});
