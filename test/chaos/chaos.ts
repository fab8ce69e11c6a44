import { createApiKey } from "../../src/contract/api-key.ts";
import { startFaultWorker } from "../faults/fault-worker.ts";
import { answers, type Behavior, breaks, faults, surfaceNames } from "./faults.ts";
import { type Asked, judgeRound } from "./judge.ts";
import { post } from "./post.ts";
import { type Arrival, placeOf, startChaosProviders } from "./provider.ts";
import { createDraw } from "./random.ts";

export interface ChaosOptions {
  readonly requests: number;
  readonly seed: number;
  readonly attemptTimeoutMs: number;
  readonly onRound?: (requests: number) => void;
}

export interface ChaosReport {
  /** What is wrong, a sentence each; none where all invariants hold. */
  readonly broken: readonly string[];
  readonly requests: number;
  /** How the requests ended, by surface. */
  readonly ends: Readonly<Record<string, Record<End, number>>>;
  readonly attempts: number;
  readonly mostAttempts: number;
  /** Answered by the fourth place or a later one. */
  readonly lateAnswers: number;
  /** How often providers did what. */
  readonly behaviors: ReadonlyMap<string, number>;
  readonly seconds: number;
}

export type End = "answered" | "broke off" | "caller's mistake" | "nobody could";

const CALLERS = ["north", "south", "east", "west", "left", "right", "up", "down"];
const PROVIDERS = ["a", "b", "c", "d", "e", "f", "g", "h"];
/** Of these many requests each; then everything has rested. */
const ROUND = 48;
const QUESTIONS = [
  "How many positive divisors does 360 have?",
  "Write a function that merges two sorted lists.",
  "Which river flows through Turku?",
  "Prove that the square root of two is irrational.",
];

/** `auto` requests on three surfaces to providers that fail in every way, and whether each got what it could. */
export async function runChaos({
  requests,
  seed,
  attemptTimeoutMs,
  onRound,
}: ChaosOptions): Promise<ChaosReport> {
  const draw = createDraw(seed);
  const drawn = (id: number, place: string, streams: boolean): Behavior => {
    const fits = ({ onlyStreams }: Behavior) => onlyStreams === undefined || onlyStreams === streams;
    const share = draw.share(`${id} ${place}`);
    const from = share < 0.25 ? answers : share < 0.28 && streams ? breaks : faults;
    return draw.one(`${id} ${place} what`, from.filter(fits));
  };
  const providers = await startChaosProviders(drawn);
  const places = new Map<string, readonly string[]>();
  const keys = await Promise.all(
    CALLERS.map((name) => createApiKey(name, (count) => crypto.getRandomValues(new Uint8Array(count)))),
  );
  const made = keys.map((key) => {
    if (!key.ok) throw new Error(key.failure.message);
    return key.value;
  });
  const worker = await startFaultWorker({
    tables: false,
    analytics: false,
    variables: {
      AUTH: "keys",
      API_KEYS: made.map(({ record }) => record).join(","),
      ATTEMPT_TIMEOUT_MS: String(attemptTimeoutMs),
      // What is asked is whether somebody could have answered, not how much is to be paid for it.
      MAX_ATTEMPTS: "20",
      ...Object.fromEntries(PROVIDERS.map((name) => [keyNameOf(name), `key-of-provider-${name}`])),
    },
    // biome-ignore lint/suspicious/noExplicitAny: a catalogue before anyone has checked it
    catalogue(document: any) {
      document.providers = Object.fromEntries(
        PROVIDERS.map((name) => [
          name,
          {
            base_url: `${providers.origin}/${name}/v1`,
            key_name: keyNameOf(name),
            surfaces: { chat: {}, responses: {}, messages: {} },
          },
        ]),
      );
      for (const [k, [id, model]] of Object.entries<Record<string, unknown>>(document.models).entries()) {
        // What a model takes is not the question, nor how long it is there.
        for (const field of ["variants", "accepts", "retires_on"]) delete model[field];
        const [first, second] = [0, 1].map((at) => PROVIDERS[(k + at) % PROVIDERS.length] as string);
        const own = k % 3 === 0 ? [first, second] : [first];
        Object.assign(model, { provider: first, upstream: id });
        if (own.length > 1) model["also_at"] = [{ provider: second, upstream: id }];
        places.set(
          id,
          own.map((provider) => placeOf(provider as string, id)),
        );
      }
      return document;
    },
  });
  const started = performance.now();
  try {
    const models = await routedModels(worker.origin, made[0]?.key as string);
    const asked: Asked[] = [];
    const broken: string[] = [];
    const everything: Arrival[] = [];
    for (let first = 0; first < requests; first += ROUND) {
      const ids = Array.from({ length: Math.min(ROUND, requests - first) }, (_, k) => first + k);
      const round = await Promise.all(
        CALLERS.map((caller, c) =>
          inTurn(
            ids.filter((id) => id % CALLERS.length === c),
            (id) => ask(id, caller, made[c]?.key as string),
          ),
        ),
      );
      const arrivals = providers.arrivals.splice(0);
      broken.push(...judgeRound(round.flat(), arrivals, drawn, attemptTimeoutMs));
      asked.push(...round.flat());
      everything.push(...arrivals);
      await worker.jump(31_000);
      onRound?.(asked.length);
    }
    return { ...summary(asked, everything), broken, seconds: (performance.now() - started) / 1000 };

    async function ask(id: number, caller: string, key: string): Promise<Asked> {
      const surface = draw.one(`${id} surface`, surfaceNames);
      const streams = draw.share(`${id} stream`) < 0.6;
      const count = 2 + Math.floor(draw.share(`${id} count`) * 6);
      const chosen = draw.some(`${id} models`, models, count);
      const question = draw.one(`${id} question`, QUESTIONS);
      const said =
        surface === "responses" ? { input: question } : { messages: [{ role: "user", content: question }] };
      const startedAt = Date.now();
      const came = await post(`${worker.origin}/v1/${surface}`, key, {
        ...{ model: "auto", ...said, stream: streams, metadata: { id: String(id) } },
        ...(surface === "messages" ? { max_tokens: 99 } : {}),
        signalbox: { models: chosen },
      });
      return {
        ...{ id, caller, streams, startedAt, endedAt: Date.now(), ...came },
        places: chosen.flatMap((model) => places.get(model) ?? []),
      };
    }
  } finally {
    await worker.stop();
    await providers.stop();
  }
}

function keyNameOf(provider: string): string {
  return `CHAOS_${provider.toUpperCase()}_KEY`;
}

/** Models that `auto` may choose, of those that the catalogue has. */
async function routedModels(origin: string, key: string): Promise<readonly string[]> {
  const response = await fetch(`${origin}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  const { data } = await response.json();
  return data
    .filter(({ routed, has_key }: { routed?: boolean; has_key?: boolean }) => routed && has_key)
    .map(({ id }: { id: string }) => id);
}

async function inTurn<Item, Value>(
  items: readonly Item[],
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const done: Value[] = [];
  for (const item of items) done.push(await work(item));
  return done;
}

function summary(asked: readonly Asked[], arrivals: readonly Arrival[]) {
  const last = new Map(arrivals.map((arrival) => [arrival.id, arrival]));
  const counts = new Map<number, number>();
  const behaviors = new Map<string, number>();
  for (const { id, behavior } of arrivals) {
    counts.set(id, (counts.get(id) ?? 0) + 1);
    behaviors.set(behavior.name, (behaviors.get(behavior.name) ?? 0) + 1);
  }
  const ends: Record<string, Record<End, number>> = {};
  for (const { id } of asked) {
    const arrival = last.get(id);
    const surface = arrival?.call.surface ?? "nobody asked";
    ends[surface] ??= { answered: 0, "broke off": 0, "caller's mistake": 0, "nobody could": 0 };
    const of = ends[surface] as Record<End, number>;
    of[endOf(arrival)]++;
  }
  const answered = asked.filter(({ id }) => endOf(last.get(id)) === "answered");
  return {
    requests: asked.length,
    ends,
    attempts: arrivals.length,
    mostAttempts: Math.max(...counts.values()),
    lateAnswers: answered.filter(({ id }) => (counts.get(id) ?? 0) > 3).length,
    behaviors,
  };
}

function endOf(last: Arrival | undefined): End {
  if (last?.behavior.means === "answer") return "answered";
  if (last?.behavior.means === "broken") return "broke off";
  return last?.behavior.means === "request" ? "caller's mistake" : "nobody could";
}
