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
  /** Whose feedback it is: a hash of the API key's name. Lines of one key can be taken out; nothing else reads it. */
  readonly from?: string;
}

export type OutcomeCode = LineCode | "missing_field" | "wrong_type" | "score_out_of_range" | "duplicate_id";

class OutcomeFault extends Error {
  readonly code: OutcomeCode;

  constructor(code: OutcomeCode, message: string) {
    super(message);
    this.code = code;
  }
}

type Line = Readonly<Record<string, unknown>>;

/** One line of an outcome file, parsed. @param place `file:line`, for messages */
export function parseOutcome(
  value: unknown,
  place: string,
  file: string,
): Result<OutcomeRecord, OutcomeCode> {
  try {
    return ok(toRecord(value));
  } catch (error) {
    if (error instanceof OutcomeFault) return fail(error.code, `${place}: ${error.message}`, file);
    throw error;
  }
}

function toRecord(value: unknown): OutcomeRecord {
  if (!isObject(value)) {
    throw new OutcomeFault("wrong_type", `each line must be a JSON object, not ${nameType(value)}`);
  }
  const [task, id] = [textIn(value, "task"), textIn(value, "id")];
  const embedding = value["embedding"] === undefined ? undefined : textIn(value, "embedding", "base64");
  return {
    task,
    id,
    prompt: embedding === undefined ? promptIn(value) : promptBeside(value),
    outcomes: scoresIn(value),
    ...measuresIn(value),
    ...(embedding === undefined ? {} : { embedding }),
  };
}

function textIn(line: Line, name: string, kind = "non-empty", advice = "add it as a string"): string {
  const text = line[name];
  if (text === undefined) throw new OutcomeFault("missing_field", `"${name}" is missing; ${advice}`);
  if (typeof text === "string" && text !== "") return text;
  throw new OutcomeFault("wrong_type", `"${name}" must be a ${kind} string, not ${nameType(text)}`);
}

function promptIn(line: Line): string {
  return textIn(line, "prompt", "non-empty", "add the text that the models answered");
}

/** The prompt of a line with an embedding, which stands for it where it is missing. */
function promptBeside({ prompt = "" }: Line): string {
  if (typeof prompt === "string") return prompt;
  throw new OutcomeFault("wrong_type", `"prompt" must be a string, not ${nameType(prompt)}`);
}

function scoresIn({ outcomes }: Line): Readonly<Record<string, number>> {
  if (outcomes === undefined) {
    throw new OutcomeFault("missing_field", '"outcomes" is missing; add {"model name": score}');
  }
  const scores = mapIn(outcomes, "outcomes", "score");
  if (scores.length === 0) {
    throw new OutcomeFault("missing_field", '"outcomes" names no model; add one or remove the line');
  }
  for (const [model, score] of scores) {
    if (typeof score !== "number") {
      throw new OutcomeFault(
        "wrong_type",
        `the score of "${model}" must be a number, not ${nameType(score)}; leave a model without a result out`,
      );
    }
    if (!(score >= 0 && score <= 1)) {
      throw new OutcomeFault(
        "score_out_of_range",
        `the score of "${model}" is ${score}; scores must lie from 0 (wrong) to 1 (right)`,
      );
    }
  }
  return outcomes as Record<string, number>;
}

/** The wire names of the optional maps; none of their numbers can be below 0. */
const measures = { output_chars: "outputChars", output_tokens: "outputTokens", cost_usd: "costUsd" } as const;

function measuresIn(line: Line): Partial<Pick<OutcomeRecord, (typeof measures)[keyof typeof measures]>> {
  const found = Object.entries(measures).filter(([wireName]) => line[wireName] !== undefined);
  return Object.fromEntries(
    found.map(([wireName, name]) => {
      for (const [model, number] of mapIn(line[wireName], wireName, "number")) {
        if (typeof number === "number" && number >= 0 && number < Number.POSITIVE_INFINITY) continue;
        throw new OutcomeFault(
          "wrong_type",
          `"${wireName}" of "${model}" must be a finite number of at least 0, not ${
            typeof number === "number" ? number : nameType(number)
          }; leave an unknown one out`,
        );
      }
      return [name, line[wireName]];
    }),
  );
}

function mapIn(value: unknown, name: string, noun: string): readonly (readonly [string, unknown])[] {
  if (isObject(value)) return Object.entries(value);
  throw new OutcomeFault(
    "wrong_type",
    `"${name}" must be an object of model -> ${noun}, not ${nameType(value)}`,
  );
}

function isObject(value: unknown): value is Line {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value === "") return "an empty string";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
