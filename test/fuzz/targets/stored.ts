import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { parseCatalogue } from "../../../src/contract/catalogue.ts";
import {
  nextPointer,
  parsePointer,
  promoteCanary,
  referencedKeys,
  rollBack,
} from "../../../src/contract/pointer.ts";
import { parseTaskProfile, profileShift } from "../../../src/contract/task-profile.ts";
import { catalogueNames } from "../../../src/core/catalogue.ts";
import { expectedUsd } from "../../../src/core/cost.ts";
import { mutateDocument } from "../mutate.ts";
import { check, jsonBytes, outcomeOf, type Target } from "../target.ts";

const anyJson = fc.json({ depthSize: "medium" }).map((json) => new TextEncoder().encode(json));
const sum = (digit: string) => digit.repeat(64);

const smallCatalogue = {
  format_version: 1,
  prices_as_of: "2025-06-30",
  providers: { here: { base_url: "https://api.example/v1/", key_name: "HERE_API_KEY" } },
  models: {
    amber: {
      aliases: ["amber-1"],
      provider: "here",
      upstream: "amber-2025",
      usd_per_million_tokens: { input: 1, cached_input: 0.5, output: 4 },
      context_tokens: 128000,
      max_output_tokens: 8000,
      capabilities: ["tools", "json"],
      unseen_output_tokens: 500,
      parameters_billion: 7,
      license: "apache-2.0",
    },
    basalt: {
      provider: "here",
      upstream: "basalt",
      usd_per_million_tokens: { input: 0, output: 0 },
      context_tokens: 1,
      max_output_tokens: 1,
      capabilities: [],
    },
  },
};

export const catalogue: Target = {
  name: "catalogue",
  examples: () => [
    jsonBytes(smallCatalogue),
    new Uint8Array(readFileSync(new URL("../../../models/default/catalogue.json", import.meta.url))),
  ],
  inputs: anyJson,
  mutate: mutateDocument,
  words: [
    "auto",
    "auto:x",
    "__proto__",
    "https://",
    "https://[",
    "http://127.0.0.1:99999/",
    "1e999",
    "*",
    "null",
  ],
  codes: ["catalogue_invalid"],
  run(input) {
    const parsed = parseCatalogue(input);
    if (parsed.ok) {
      const { models, providers } = parsed.value;
      for (const id of catalogueNames(parsed.value).values()) {
        check(Object.hasOwn(models, id), `a name means ${id}, which is no model`);
      }
      for (const model of Object.values(models)) {
        const provider = Object.hasOwn(providers, model.provider) ? providers[model.provider] : undefined;
        check(provider !== undefined, "a model has no provider");
        const url = new URL(`${provider.baseUrl}/chat/completions`);
        check(
          url.protocol === "https:" || ["127.0.0.1", "localhost"].includes(url.hostname),
          `${url} is open`,
        );
        const usd = expectedUsd(model, { inputTokens: 1e6, cachedInputTokens: 10, outputTokens: Number.NaN });
        check(Number.isFinite(usd) && usd >= 0, `a call costs ${usd}`);
      }
    }
    return outcomeOf(parsed);
  },
};

export const pointer: Target = {
  name: "pointer",
  examples: () => [
    jsonBytes({
      format_version: 1,
      bundle: sum("a"),
      catalogue: sum("b"),
      encoder: sum("c"),
      published_at: "2026-01-01T00:00:00Z",
      canary: { bundle: sum("d"), catalogue: sum("e"), percent: 10 },
      shadow: { bundle: sum("f") },
      previous: [{ bundle: sum("1"), catalogue: sum("2"), encoder: sum("3"), published_at: "" }],
    }),
    jsonBytes({
      format_version: 1,
      bundle: sum("a"),
      catalogue: sum("b"),
      encoder: sum("c"),
      published_at: "",
    }),
  ],
  inputs: anyJson,
  mutate: mutateDocument,
  words: ["canary", "percent", "previous", "1e999", "null"],
  codes: ["pointer_invalid"],
  run(input) {
    const parsed = parsePointer(input);
    if (parsed.ok) {
      const live = { bundle: sum("9"), catalogue: sum("8"), encoder: sum("7"), published_at: "now" };
      const next = nextPointer(parsed.value, live);
      const moved = [parsed.value, next];
      for (const result of [promoteCanary(parsed.value, "now"), rollBack(next, "now")]) {
        if (result.ok) moved.push("pointer" in result.value ? result.value.pointer : result.value);
      }
      for (const state of moved) {
        for (const key of referencedKeys(state))
          check(/^[a-z]+\/[0-9a-f]{64}/.test(key), `it refers to ${key}`);
        check(parsePointer(jsonBytes(state)).ok, "a pointer that was moved cannot be read again");
      }
    }
    return outcomeOf(parsed);
  },
};

export const taskProfile: Target = {
  name: "task-profile",
  examples: () => [
    jsonBytes({
      format_version: 1,
      name: "refunds",
      bundle: sum("a"),
      model: "amber",
      prompts: 30,
      labelled: 4,
      scores: {
        amber: { s1: 0.5, s2: 0.6, s3: 0.55, posterior: 0.7, labels: 4 },
        basalt: { s1: 0.4, s2: 0.3, posterior: 0.4, labels: 0 },
      },
    }),
  ],
  inputs: anyJson,
  mutate: mutateDocument,
  words: ["posterior", "s1", "1e999", "-1e999", "null"],
  codes: ["task_profile_invalid"],
  run(input) {
    const parsed = parseTaskProfile(input);
    if (parsed.ok) {
      for (const model of ["amber", "basalt", "constructor", "__proto__"]) {
        const shift = profileShift(parsed.value, model);
        check(shift >= -1 && shift <= 1, `predictions of ${model} are moved by ${shift}`);
      }
    }
    return outcomeOf(parsed);
  },
};
