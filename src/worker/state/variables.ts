import { signals } from "../../contract/signal.ts";
import { fail, ok, type Result } from "../../core/result.ts";

/** A variable of the Worker: its name, what none or an empty one stands for, and how its text is read. */
export interface Variable<T> {
  readonly name: string;
  /** As an operator would write it. */
  readonly standard: string;
  /** What it takes, as docs/api.md says it. */
  readonly range: string;
  readonly parse: (text: string) => Result<T, "misconfigured">;
}

/**
 * All variables, by the name of the setting that they give. docs/api.md lists them with default, range and meaning;
 * meanings stand here as comments, since the Worker would carry texts along. API_KEYS and the secrets of providers, whose
 * names are the operator's, are read beside them.
 */
export const variables = {
  auth: oneOf("AUTH", ["keys", "open"]),
  encoderBackend: oneOf("ENCODER_BACKEND", ["onnx", "simd", "lexical"]),
  /** Origins of web pages that may call the API; `*` allows all. */
  corsOrigins: list("CORS_ORIGINS", "origins such as https://app.example", (word) =>
    // As browsers write them: apps and extensions have schemes of their own, pages without an origin say `null`.
    /^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/[^/]+)$/i.test(word),
  ),
  /** Names under which the Worker answers, without port; none for any. */
  allowedHosts: list("ALLOWED_HOSTS", "names without port"),
  /** Providers, by their name in the catalogue, that get the caller's own `Authorization` in place of a secret. */
  passAuthorization: list("PASS_AUTHORIZATION", "names of providers"),
  /** The first signs decisions, all are accepted. Shorter ones could be guessed from a single signed decision. */
  decisionSecrets: list(
    "DECISION_SECRET",
    "secrets of at least 32 characters",
    (word) => word.length >= 32,
    "; openssl rand -hex 32 makes one",
  ),
  /** Days after which feedback on a decision is refused. */
  feedbackMaxAgeDays: wholeNumber("FEEDBACK_MAX_AGE_DAYS", 30, 1, 3650),
  /** Rows of feedback that a key may leave in a day (UTC); a row takes 1 to 4 KB, and only pruning deletes it. */
  feedbackPerDay: wholeNumber("FEEDBACK_PER_DAY", 10_000, 1, 10_000_000),
  /** What each signal scores. */
  signals: scores("SIGNALS", signals),
  /** Where each decision is a row. */
  decisionLog: oneOf("DECISION_LOG", ["none", "d1"]),
  /** Share of the free choices that go to a random candidate within the next two bounds. */
  explore: fromZero("EXPLORE", 0, 0.5),
  /** How much less likely to be right than the chosen one a drawn one may be. */
  exploreMaxPLoss: fromZero("EXPLORE_MAX_P_LOSS", 0.1, 1),
  /** USD that a drawn one may be expected to cost. */
  exploreMaxUsd: fromZero("EXPLORE_MAX_USD", 0.01, 100),
  /** What a Cron Trigger does with feedback: nothing, or learn from it, for a share of conversations or for all. */
  learn: oneOf("LEARN", ["off", "canary", "live"]),
  /** Percent of conversations that a learned canary decides. */
  learnPercent: wholeNumber("LEARN_PERCENT", 10, 1, 100),
  /** New grades without which there is nothing to learn. */
  learnMinFeedback: wholeNumber("LEARN_MIN_FEEDBACK", 100, 5, 1_000_000),
  /** Grades of one key that count in a day (UTC): one that sends wrong ones must not outvote the others. */
  learnPerKey: wholeNumber("LEARN_PER_KEY", 50, 1, 10_000_000),
  /** Whether each decision is a line of the log. */
  logDecisions: flag("LOG_DECISIONS"),
  /** Bytes of the largest body. Messages may carry images as data URLs; the platform itself stops at 100 MB. */
  maxBodyBytes: wholeNumber("MAX_BODY_BYTES", 8 * 1024 * 1024, 1024, 64 * 1024 * 1024),
  /** Within which a body must have arrived. */
  bodyTimeoutMs: wholeNumber("BODY_TIMEOUT_MS", 15_000, 100, 300_000),
  /** That a provider has until the first byte of its answer; long, for one that isn't streamed begins when it is finished. */
  attemptTimeoutMs: wholeNumber("ATTEMPT_TIMEOUT_MS", 120_000, 10, 3_600_000),
  /** That all attempts together have until the first byte. */
  totalTimeoutMs: wholeNumber("TOTAL_TIMEOUT_MS", 300_000, 10, 3_600_000),
  /** Models that are tried for one completion. */
  maxAttempts: wholeNumber("MAX_ATTEMPTS", 3, 1, 20),
  /** After which the `active` pointer is read again. */
  pointerRefreshMs: wholeNumber("POINTER_REFRESH_MS", 30_000, 0, 3_600_000),
  /** Embeddings kept in the isolate; each takes 3 KB. */
  embeddingCacheEntries: wholeNumber("EMBEDDING_CACHE_ENTRIES", 1024, 0, 8192),
};

/** The first of the words is the default. */
function oneOf<const Word extends string>(name: string, words: readonly [Word, ...Word[]]): Variable<Word> {
  const parse = (text: string) => {
    const word = words.find((one) => one === text);
    return word === undefined ? wrong(name, `be one of ${words.join(", ")}`) : ok(word);
  };
  return { name, standard: words[0], range: words.map((word) => `\`${word}\``).join(", "), parse };
}

/** Off unless it is turned on. */
function flag(name: string): Variable<boolean> {
  const { parse, ...rest } = oneOf(name, ["false", "true"]);
  return {
    ...rest,
    parse: (text) => {
      const word = parse(text);
      return word.ok ? ok(word.value === "true") : word;
    },
  };
}

function wholeNumber(name: string, standard: number, minimum: number, maximum: number): Variable<number> {
  const range = `${minimum} to ${maximum}`;
  const parse = (text: string) => {
    const value = Number(text);
    return Number.isInteger(value) && value >= minimum && value <= maximum
      ? ok(value)
      : wrong(name, `be a whole number from ${range}`);
  };
  return { name, standard: String(standard), range, parse };
}

/** A number from 0 on. */
function fromZero(name: string, standard: number, maximum: number): Variable<number> {
  const parse = (text: string) => {
    const value = Number(text);
    return value >= 0 && value <= maximum ? ok(value) : wrong(name, `be a number from 0 to ${maximum}`);
  };
  return { name, standard: String(standard), range: `0 to ${maximum}`, parse };
}

/** Scores by name, such as `accepted=1 edited=.5`; a name that is left out has none. */
function scores<const Name extends string>(
  name: string,
  names: readonly Name[],
): Variable<Readonly<Partial<Record<Name, number>>>> {
  const known = new Set<string>(names);
  const pattern = /^([a-z_]+)=(0|1|0?\.\d+|1\.0+|0\.0+)$/;
  const { parse, ...rest } = list(
    name,
    `a score from 0 to 1 for any of ${names.join(", ")}, such as ${names[0]}=1`,
    (word) => known.has(pattern.exec(word)?.[1] ?? ""),
  );
  return {
    ...rest,
    parse: (text) => {
      const words = parse(text);
      if (!words.ok) return words;
      const pairs = words.value.map((word) => word.split("="));
      if (new Set(pairs.map(([one]) => one)).size < pairs.length) return wrong(name, "name each signal once");
      return ok(
        Object.fromEntries(pairs.map(([one, score]) => [one, Number(score)])) as Partial<
          Record<Name, number>
        >,
      );
    },
  };
}

/** Words separated by commas or white space. */
function list(
  name: string,
  range: string,
  fits: (word: string) => boolean = () => true,
  advice = "",
): Variable<readonly string[]> {
  const parse = (text: string) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const misfit = words.findIndex((word) => !fits(word));
    // The entry itself is not repeated: everyone may read this, and it may be a secret, there or in the wrong place.
    return misfit < 0 ? ok(words) : wrong(name, `list ${range}; entry ${misfit + 1} is none${advice}`);
  };
  return { name, standard: "", range, parse };
}

function wrong(name: string, must: string) {
  return fail("misconfigured", `${name} must ${must}`, name);
}
