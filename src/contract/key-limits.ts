import type { Failure } from "../core/result.ts";

/** What a key may ask for at most: bounds that the operator holds, whatever the request says. */
export interface KeyLimits {
  /** Names and wildcards of models, by name or by `auto`. */
  readonly models?: readonly string[];
  /** USD that one request may be expected to cost. */
  readonly maxUsd?: number;
  /** Longest answer; a completion must then say its length. */
  readonly maxTokens?: number;
  /** Answers of one request (`n`). */
  readonly maxAnswers?: number;
  /** Fields of a completion's body beside model, what is said, stream, lengths, n and signalbox. */
  readonly fields?: readonly string[];
  /** Prompts and answers a minute, where less than the platform's limiter gives every key. Each isolate counts by itself. */
  readonly promptsPerMinute?: number;
}

/** How a record names them. */
const NAMES: readonly string[] = ["model", "max_usd", "max_tokens", "n", "fields", "per_minute"];

const ALWAYS: readonly string[] = [
  ...["model", "messages", "input", "instructions", "system", "stream", "stream_options", "n"],
  ...["signalbox", "user", "max_tokens", "max_completion_tokens", "max_output_tokens"],
];

/** As it stands in a record of API_KEYS: the form of an address's query, in which no comma and no space is left. */
export function writeKeyLimits(limits: KeyLimits): string {
  const { models, maxUsd, maxTokens, maxAnswers, fields, promptsPerMinute } = limits;
  const pairs: [string, string | undefined][] = [
    ...(models ?? []).map((model): [string, string] => ["model", model]),
    ["max_usd", maxUsd?.toString()],
    ["max_tokens", maxTokens?.toString()],
    ["n", maxAnswers?.toString()],
    ["fields", fields?.join("+")],
    ["per_minute", promptsPerMinute?.toString()],
  ];
  return new URLSearchParams(
    pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ).toString();
}

/** Undefined where the text is none: a limit that isn't understood must not be none. */
export function parseKeyLimits(text: string): KeyLimits | undefined {
  const query = new URLSearchParams(text);
  if ([...query.keys()].some((name) => !NAMES.includes(name))) return undefined;
  const models = query.getAll("model");
  const maxUsd = query.get("max_usd");
  const [maxTokens = null, maxAnswers = null, perMinute = null] = ["max_tokens", "n", "per_minute"].map(
    (name) => query.get(name),
  );
  const isBroken =
    models.includes("") ||
    (maxUsd !== null && !(maxUsd !== "" && Number(maxUsd) >= 0)) ||
    [maxTokens, maxAnswers, perMinute].some((count) => count !== null && !/^[1-9]\d{0,8}$/.test(count));
  if (isBroken) return undefined;
  const fields = query.get("fields");
  return {
    ...(models.length === 0 ? {} : { models }),
    ...(maxUsd === null ? {} : { maxUsd: Number(maxUsd) }),
    ...(maxTokens === null ? {} : { maxTokens: Number(maxTokens) }),
    ...(maxAnswers === null ? {} : { maxAnswers: Number(maxAnswers) }),
    ...(fields === null ? {} : { fields: fields.split("+").filter((field) => field !== "") }),
    ...(perMinute === null ? {} : { promptsPerMinute: Number(perMinute) }),
  };
}

/** What of a completion's body is more than the key may ask for; undefined where nothing is. */
export function excessOfKey(
  { maxTokens, maxAnswers, fields }: KeyLimits,
  body: Readonly<Record<string, unknown>>,
): Failure<"key_not_allowed"> | undefined {
  const refuse = (message: string, param: string) => ({ code: "key_not_allowed" as const, message, param });
  const strange =
    fields && Object.keys(body).find((name) => !ALWAYS.includes(name) && !fields.includes(name));
  if (strange !== undefined) return refuse("this key may not send this field", strange);
  if (maxAnswers !== undefined && Number(body["n"] ?? 1) > maxAnswers)
    return refuse(`this key may ask for ${maxAnswers} answers at most`, "n");
  if (maxTokens === undefined) return undefined;
  const lengths = ["max_tokens", "max_completion_tokens", "max_output_tokens"].filter(
    (name) => (body[name] ?? null) !== null,
  );
  const tooLong = lengths.find((name) => Number(body[name]) > maxTokens);
  if (tooLong !== undefined || lengths.length === 0)
    return refuse(`this key needs a length of ${maxTokens} tokens at most`, tooLong ?? "max_tokens");
  return undefined;
}
