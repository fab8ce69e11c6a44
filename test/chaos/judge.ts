import { type Behavior, LONGEST_REST_MS, type Surface } from "./faults.ts";
import type { Came } from "./post.ts";
import { type Arrival, providerOf } from "./provider.ts";

/** One request and what its caller got. */
export interface Asked extends Came {
  readonly id: number;
  /** Name of the caller's key. */
  readonly caller: string;
  readonly streams: boolean;
  readonly places: readonly string[];
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A place that a caller's earlier request brought to rest. */
interface Rest {
  readonly place: string;
  readonly surface: Surface;
  readonly caller: string;
  readonly id: number;
  readonly from: number;
  readonly until: number;
}

/** What is wrong with how a round of requests was answered; nothing where all invariants hold. */
export function judgeRound(
  round: readonly Asked[],
  arrivals: readonly Arrival[],
  drawn: (id: number, place: string, streams: boolean) => Behavior,
  attemptTimeoutMs: number,
): readonly string[] {
  const callers = new Map(round.map(({ id, caller }) => [id, caller]));
  const restsOf = (means: Behavior["means"]) =>
    arrivals
      .filter(({ behavior }) => behavior.means === means)
      .map(
        ({ id, place, call, behavior, doneAt }): Rest => ({
          ...{ place, surface: call.surface, id, caller: callers.get(id) as string, from: doneAt },
          until: doneAt + (behavior.restMs ?? LONGEST_REST_MS),
        }),
      );
  const limits = restsOf("limit");
  const gone = restsOf("gone");
  const refusing = restsOf("provider");
  return round.flatMap((asked) => {
    if (asked.status === 0) return [`request ${asked.id}: no answer, ${asked.text}`];
    const attempts = arrivals.filter(({ id }) => id === asked.id);
    // Begun after the one before it. On a busy machine an answer may come when its time is over.
    const isLate = (k: number) =>
      (attempts[k]?.doneAt ?? 0) - (attempts[k - 1]?.doneAt ?? asked.startedAt) > 0.9 * attemptTimeoutMs;
    const own = (rest: Rest) => rest.caller === asked.caller && rest.id < asked.id;
    const wrong = [
      ...judgeAnswer(asked, attempts, isLate),
      ...attempts
        .filter(({ place, at }) =>
          limits.some((rest) => own(rest) && rest.place === place && at < rest.until - CLOCK_STEP_MS),
        )
        .map(({ place }) => `${place} was asked at rest`),
      ...judgeOrder(
        attempts,
        asked,
        { models: gone.filter(own), providers: refusing.filter(own) },
        { models: [...limits, ...gone], providers: refusing },
      ),
    ];
    const last = attempts.at(-1)?.behavior.means;
    if (last !== "answer" && last !== "broken" && last !== "request") {
      wrong.push(...judgeFailure(asked, attempts, limits, drawn, isLate));
    }
    return wrong.map((sentence) => `request ${asked.id}: ${sentence}`);
  });
}

// The Worker's clock stands between two events.
const CLOCK_STEP_MS = 5;

/** What the caller got is what the last of the attempts sent, and no attempt followed one that ends a request. */
function judgeAnswer(
  { status, text, broke, headers }: Asked,
  attempts: readonly Arrival[],
  isLate: (k: number) => boolean,
): readonly string[] {
  const wrong: string[] = [];
  const ends = attempts.findIndex(
    ({ behavior: { means } }, k) =>
      ["answer", "broken", "request"].includes(means) && (k === attempts.length - 1 || !isLate(k)),
  );
  if (ends >= 0 && ends < attempts.length - 1) {
    wrong.push(`${attempts.length - 1 - ends} attempts after ${attempts[ends]?.behavior.name}`);
  }
  if (new Set(attempts.map(({ place }) => place)).size < attempts.length) wrong.push("one was asked twice");
  if (headers.get("x-signalbox-attempts") !== String(attempts.length)) {
    wrong.push(`${attempts.length} attempts, and ${headers.get("x-signalbox-attempts")} were told`);
  }
  const last = attempts.at(-1);
  if (ends < 0 || last === undefined) return wrong;
  const { behavior, call } = last;
  const expected = behavior.text?.(call) ?? "";
  if (status !== (behavior.status ?? 200)) wrong.push(`status ${status} of ${behavior.name}`);
  if (behavior.means === "broken") {
    if (!broke || !expected.startsWith(text)) wrong.push(`a broken stream that is not what came: ${text}`);
  } else if (broke || text !== expected) wrong.push(`not what ${behavior.name} sent: ${text}`);
  if (headers.get("x-signalbox-model") !== call.upstream) wrong.push("another model was told");
  return wrong;
}

/** Who is out of order comes after everyone that is well for sure. */
function judgeOrder(
  attempts: readonly Arrival[],
  { startedAt, endedAt }: Asked,
  own: Faulty,
  all: Faulty,
): readonly string[] {
  const known = ({ from, until }: Rest) => from < startedAt && until > endedAt;
  const perhaps = ({ from }: Rest) => from <= endedAt;
  const isOut = ({ place, call }: Arrival) =>
    own.models.some((rest) => rest.place === place && rest.surface === call.surface && known(rest)) ||
    own.providers.some((rest) => providerOf(rest.place) === providerOf(place) && known(rest));
  const isWell = ({ place }: Arrival) =>
    !all.models.some((rest) => rest.place === place && perhaps(rest)) &&
    !all.providers.some((rest) => providerOf(rest.place) === providerOf(place) && perhaps(rest));
  return attempts.flatMap((first, k) =>
    isOut(first) && attempts.slice(k + 1).some(isWell)
      ? [`${first.place} was asked before one that is well`]
      : [],
  );
}

/** What rests: models at a provider, and whole providers. */
interface Faulty {
  readonly models: readonly Rest[];
  readonly providers: readonly Rest[];
}

/** Nobody answered: then nobody could have. */
function judgeFailure(
  asked: Asked,
  attempts: readonly Arrival[],
  limits: readonly Rest[],
  drawn: (id: number, place: string, streams: boolean) => Behavior,
  isLate: (k: number) => boolean,
): readonly string[] {
  const refused = new Set(
    attempts.filter(({ behavior }) => behavior.means === "provider").map(({ place }) => providerOf(place)),
  );
  const rests = (place: string) => {
    const live = limits.filter(
      (rest) => rest.place === place && rest.from <= asked.endedAt && rest.until > asked.startedAt,
    );
    const callers = new Set(live.map(({ caller }) => caller));
    return callers.has(asked.caller) || callers.size > 1;
  };
  const missed = asked.places.filter((place) => {
    if (drawn(asked.id, place, asked.streams).means !== "answer") return false;
    const k = attempts.findIndex((each) => each.place === place);
    if (k >= 0) return !isLate(k);
    return !refused.has(providerOf(place)) && !rests(place);
  });
  const wrong = missed.map((place) => `failed with ${asked.status}, though ${place} would have answered`);
  const unfit = attempts.find(({ behavior }) => behavior.means === "unfit");
  if (unfit !== undefined && asked.text !== unfit.behavior.text?.(unfit.call)) {
    wrong.push(`the first refusal is not the answer, but ${asked.text}`);
  }
  const own = [429, 502, 504];
  if (unfit === undefined && !own.includes(asked.status)) wrong.push(`failed with ${asked.status}`);
  if (asked.status < 400 || !JSON.parse(asked.text).error) wrong.push(`no error: ${asked.text}`);
  return wrong;
}
