import { expect, test } from "vitest";
import { describeChange } from "../../src/catalogue/model-changes.ts";
import { refreshCatalogue } from "../../src/catalogue/refresh.ts";
import { documentOf, listOf } from "./lists.ts";

// Written by hand, with comments' worth of odd spacing that must survive.
const text = `{
  "format_version": 1,   "prices_as_of": "2026-01-01",
  "providers": { "acme": { "base_url": "https://api.openai.com/v1", "key_name": "ACME_KEY" } },
  "models": {
    "four": {
      "aliases": [ "acme-four" ],
      "provider": "acme", "upstream": "gpt-four",
      "usd_per_million_tokens": { "input": 2, "output": 8 },
      "context_tokens": 400000, "max_output_tokens": 128000,
      "capabilities": ["tools", "vision"],
      "license": "proprietary"
    },
    "other": {
      "provider": "acme",   "upstream": "elsewhere",
      "usd_per_million_tokens": { "input": 1, "output": 1 },
      "context_tokens": 1000, "max_output_tokens": 1000, "capabilities": []
    }
  }
}
`;
const source = { from: "list.json", as_of: "2026-10-17" };

function listWith(fields: Readonly<Record<string, unknown>>) {
  return listOf("litellm", {
    "gpt-four": {
      litellm_provider: "openai",
      mode: "chat",
      input_cost_per_token: 2e-6,
      output_cost_per_token: 8e-6,
      max_input_tokens: 272_000,
      max_output_tokens: 128_000,
      ...fields,
    },
  });
}

const refresh = (fields: Readonly<Record<string, unknown>>, from = text) =>
  refreshCatalogue(from, documentOf(from), listWith(fields), source);

test("a price that moved is taken over, told in words, and nothing else is written", () => {
  const { text: after, changes, found, missing } = refresh({ output_cost_per_token: 9.5e-6 });
  expect(changes.map(describeChange)).toEqual(["four: output price 8 -> 9.5"]);
  expect([found, missing]).toEqual([["four"], ["other"]]);
  const lines = after.split("\n");
  const kept = text.split("\n").filter((line) => lines.includes(line));
  // Only the line of the price is another; the source is new.
  expect(text.split("\n").filter((line) => !kept.includes(line))).toEqual([
    '      "usd_per_million_tokens": { "input": 2, "output": 8 },',
    '      "license": "proprietary"',
  ]);
  expect(documentOf(after).models["four"]?.usd_per_million_tokens).toEqual({ input: 2, output: 9.5 });
  expect(documentOf(after).models["four"]?.sources).toEqual({ prices: source, limits: source });
});

test("what a list does not say stays", () => {
  const { changes } = refresh({});
  expect(changes).toEqual([]);
});

test("a list that tells the input alone leaves the context between input and both together", () => {
  expect(refresh({}).changes).toEqual([]);
  expect(refresh({ max_input_tokens: 500_000 }).changes.map(describeChange)).toEqual([
    "four: context 400000 -> 500000",
  ]);
  expect(refresh({ max_input_tokens: 200_000 }).changes.map(describeChange)).toEqual([
    "four: context 400000 -> 328000",
  ]);
});

test("new dates, tiers and capabilities", () => {
  const { text: after, changes } = refresh({
    deprecation_date: "2027-01-14",
    input_cost_per_token_above_272k_tokens: 4e-6,
    output_cost_per_token_above_272k_tokens: 12e-6,
    supports_reasoning: true,
  });
  expect(changes.map(({ path }) => path.at(-1))).toEqual(["tiers", "capabilities", "retires_on"]);
  const four = documentOf(after).models["four"];
  expect(four?.retires_on).toBe("2027-01-14");
  expect(four?.capabilities).toEqual(["vision", "tools", "reasoning"]);
  expect(four?.usd_per_million_tokens.tiers).toEqual([{ above_input_tokens: 272_000, input: 4, output: 12 }]);
});

test("what is known from a later day is not overwritten by an older list", () => {
  const newer = refreshCatalogue(text, documentOf(text), listWith({}), {
    from: "new",
    as_of: "2026-11-01",
  }).text;
  const { changes, outdated, text: after } = refresh({ input_cost_per_token: 1e-6 }, newer);
  expect(changes).toEqual([]);
  expect(outdated.map(describeChange)).toEqual(["four: input price 2 -> 1"]);
  expect(after).toBe(newer);
});

test("the day of the catalogue is that of its oldest price, once every price has one", () => {
  expect(documentOf(refresh({}).text).prices_as_of).toBe("2026-01-01");
  const all = text.replace(
    '"capabilities": []',
    '"capabilities": [], "sources": { "prices": { "from": "hand", "as_of": "2026-09-09" } }',
  );
  expect(documentOf(refresh({}, all).text).prices_as_of).toBe("2026-09-09");
});
