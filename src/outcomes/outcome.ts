import { fail, ok, type Result } from "../core/result.ts";
import type { LineCode } from "./json-lines.ts";

/** Which models answered one prompt how well. A model without a result is left out of the maps. */
export interface OutcomeRecord {
  /** Name of the benchmark, subject or dataset that the prompt is from. */
  readonly task: string;
  /** Unique within the task, over all files that are read together. */
  readonly id: string;
  /** Empty only where `embedding` stands for it. */
  readonly prompt: string;
  /** Model -> score in [0, 1]. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Model -> length of its answer in characters. */
  readonly outputChars?: Readonly<Record<string, number>>;
  readonly outputTokens?: Readonly<Record<string, number>>;
  /** Model -> USD of the whole call. */
  readonly costUsd?: Readonly<Record<string, number>>;
  /** Base64 of the int8 embedding; collected feedback has it in place of the prompt's text. */
  readonly embedding?: string;
}

export type OutcomeCode = LineCode | "missing_field" | "wrong_type" | "score_out_of_range" | "duplicate_id";

/** The wire names of the optional maps; none of their numbers can be below 0. */
const measures = { output_chars: "outputChars", output_tokens: "outputTokens", cost_usd: "costUsd" } as const;

/** One line of an outcome file, parsed. @param place `file:line`, for messages */
export function parseOutcome(
  value: unknown,
  place: string,
  file: string,
): Result<OutcomeRecord, OutcomeCode> {
  if (!isObject(value)) {
    return fail("wrong_type", `${place}: each line must be a JSON object, not ${nameType(value)}`, file);
  }
  const { task, id, prompt, outcomes, embedding } = value;
  for (const [name, text] of Object.entries({ task, id })) {
    if (text === undefined)
      return fail("missing_field", `${place}: "${name}" is missing; add it as a string`, file);
    if (typeof text !== "string" || text === "") {
      return fail(
        "wrong_type",
        `${place}: "${name}" must be a non-empty string, not ${nameType(text)}`,
        file,
      );
    }
  }
  if (embedding !== undefined && (typeof embedding !== "string" || embedding === "")) {
    return fail(
      "wrong_type",
      `${place}: "embedding" must be a base64 string, not ${nameType(embedding)}`,
      file,
    );
  }
  if (prompt === undefined && embedding === undefined) {
    return fail(
      "missing_field",
      `${place}: "prompt" is missing; add the text that the models answered`,
      file,
    );
  }
  if (prompt !== undefined && (typeof prompt !== "string" || (prompt === "" && embedding === undefined))) {
    return fail("wrong_type", `${place}: "prompt" must be a non-empty string, not ${nameType(prompt)}`, file);
  }
  const scores = parseScores(outcomes, place, file);
  if (!scores.ok) return scores;
  const maps: { -readonly [Name in (typeof measures)[keyof typeof measures]]?: Record<string, number> } = {};
  for (const [wireName, name] of Object.entries(measures)) {
    const map = value[wireName];
    if (map === undefined) continue;
    const numbers = parseNumbers(map, wireName, place, file);
    if (!numbers.ok) return numbers;
    maps[name] = numbers.value;
  }
  return ok({
    task: task as string,
    id: id as string,
    prompt: (prompt as string | undefined) ?? "",
    outcomes: scores.value,
    ...maps,
    ...(embedding === undefined ? {} : { embedding: embedding as string }),
  });
}

function parseScores(
  value: unknown,
  place: string,
  file: string,
): Result<Record<string, number>, OutcomeCode> {
  if (value === undefined) {
    return fail("missing_field", `${place}: "outcomes" is missing; add {"model name": score}`, file);
  }
  if (!isObject(value)) {
    return fail(
      "wrong_type",
      `${place}: "outcomes" must be an object of model -> score, not ${nameType(value)}`,
      file,
    );
  }
  const entries = Object.entries(value);
  if (entries.length === 0) {
    return fail("missing_field", `${place}: "outcomes" names no model; add one or remove the line`, file);
  }
  for (const [model, score] of entries) {
    if (typeof score !== "number") {
      return fail(
        "wrong_type",
        `${place}: the score of "${model}" must be a number, not ${nameType(score)}; leave a model without a result out`,
        file,
      );
    }
    if (!(score >= 0 && score <= 1)) {
      return fail(
        "score_out_of_range",
        `${place}: the score of "${model}" is ${score}; scores must lie from 0 (wrong) to 1 (right)`,
        file,
      );
    }
  }
  return ok(value as Record<string, number>);
}

function parseNumbers(
  value: unknown,
  name: string,
  place: string,
  file: string,
): Result<Record<string, number>, OutcomeCode> {
  if (!isObject(value)) {
    return fail(
      "wrong_type",
      `${place}: "${name}" must be an object of model -> number, not ${nameType(value)}`,
      file,
    );
  }
  for (const [model, number] of Object.entries(value)) {
    if (typeof number !== "number" || !(number >= 0 && number < Number.POSITIVE_INFINITY)) {
      return fail(
        "wrong_type",
        `${place}: "${name}" of "${model}" must be a finite number of at least 0, not ${
          typeof number === "number" ? number : nameType(number)
        }; leave an unknown one out`,
        file,
      );
    }
  }
  return ok(value as Record<string, number>);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value === "") return "an empty string";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
