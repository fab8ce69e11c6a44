import { expect, test } from "vitest";
import { checkCatalogue } from "../../src/catalogue/check.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { documentOf, unwrap } from "./lists.ts";

const source = { from: "list.json", as_of: "2026-10-17" };

function findings(fields: Readonly<Record<string, unknown>>) {
  const document = documentOf(
    JSON.stringify({
      format_version: 1,
      prices_as_of: "2026-10-17",
      providers: { acme: { base_url: "https://api.acme.example/v1", key_name: "ACME_KEY" } },
      models: {
        four: {
          provider: "acme",
          upstream: "four",
          usd_per_million_tokens: { input: 1, output: 2 },
          context_tokens: 1000,
          max_output_tokens: 1000,
          capabilities: [],
          sources: { prices: source, limits: source, dates: source },
          ...fields,
        },
      },
    }),
  );
  return checkCatalogue(document, unwrap(parseCatalogue(document)), "2026-11-30").map(
    ({ level, message }) => `${level}: ${message}`,
  );
}

test("a catalogue that is all right has no findings", () => {
  expect(findings({ released: "2026-01-01", retires_on: "2027-06-01" })).toEqual([]);
});

test("a model is gone on its day, and is told of 30 days before", () => {
  expect(findings({ retires_on: "2026-11-30" })).toEqual(["error: four left its provider on 2026-11-30"]);
  expect(findings({ retires_on: "2026-12-30" })).toEqual(["warning: four leaves its provider on 2026-12-30"]);
  expect(findings({ retires_on: "2026-12-31" })).toEqual([]);
  expect(findings({ status: "retired", replaced_by: "four" })).toEqual([
    "error: four left its provider; its maker names four in its place",
  ]);
});

test("a variant is told of with its model, once", () => {
  expect(
    findings({ retires_on: "2026-11-30", variants: { low: { request: { reasoning_effort: "low" } } } }),
  ).toHaveLength(1);
});

test("a price without source and day is an error, an old one and other facts without one are warnings", () => {
  expect(findings({ sources: { limits: source } })[0]).toMatch(/^error: four: prices without source and day/);
  expect(findings({ sources: { prices: { from: "list", as_of: "2026-05-01" }, limits: source } })).toEqual([
    "warning: four: prices are of 2026-05-01; refresh them",
  ]);
  expect(findings({ unseen_output_tokens: 2000, speed: { tokens_per_second: 50 } })).toHaveLength(2);
});
