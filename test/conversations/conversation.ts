import { excessOf } from "./bounds.ts";
import { DECISION_SECRET, type GoodCaller, goodCallers, HOSTILE, type Person } from "./people.ts";
import type { Seen } from "./providers.ts";
import type { Published } from "./published.ts";
import { Violations } from "./violations.ts";
import { type Asking, FEEDBACK_PER_DAY, MAX_ATTEMPTS, type Outcome, World } from "./world.ts";

/** Words that stand in prompts and nowhere else. */
export const promptWords = ["zanzibar-zephyr", "quixotic-quokka", "mellifluous-mallard"] as const;
/** How long a provider's refusal may be remembered, and what a request may wait besides for one. */
const REMEMBERED_MS = 31_000;
const LONGEST_WAIT_MS = 310_000;
/** Whose request comes when keys are due to be read again waits for the storage, which may hang: no matter who that is. */
const LONGEST_READ_MS = 5_000;
const LONGEST_REST_SECONDS = 30;

interface Decision {
  /** Its id in the world with the hostile caller, and in the one without. */
  readonly main: string;
  readonly twin: string;
}

/**
 * A conversation in two worlds: `main`, in which somebody means harm, and `twin`, in which nobody does and everything
 * else is the same. What good callers are answered, how long they wait and what is on their bill must be the same in both.
 */
export class Conversation {
  readonly violations = new Violations();
  readonly main: World;
  readonly twin: World;
  readonly persons: Readonly<Record<string, Person>>;
  readonly decisions: Record<string, Decision[]> = { alice: [], bob: [], [HOSTILE]: [] };
  /** Until then, what a provider refused a good caller may be in the way of others: a second key has met it. */
  #relaxedUntil = Number.NEGATIVE_INFINITY;
  /** Uploads of the hostile caller that have not ended. */
  readonly uploads: ReadableStreamDefaultController<Uint8Array>[] = [];
  asked = 0;
  databaseFailed = false;

  /** What providers were asked, as far as it was looked at. */
  readonly #checked = new Map<World, number>();
  readonly #attempts = new Map<string, { all: number; costly: number; begun: boolean }>();
  readonly #bounded: readonly string[];

  constructor(persons: Readonly<Record<string, Person>>, hostileIsBounded: boolean, published: Published) {
    this.persons = persons;
    this.#bounded = hostileIsBounded ? ["bob", HOSTILE] : ["bob"];
    this.main = new World(persons, published, this.violations);
    this.twin = new World(persons, published, this.violations);
  }

  get worlds(): readonly [World, World] {
    return [this.main, this.twin];
  }

  /** Both isolates load what is live, as they do once and whoever asks first. */
  async begin(): Promise<void> {
    await this.inBoth(async (world) => void (await world.ask(healthCheck)));
  }

  /** The same happens in both worlds. */
  async inBoth(change: (world: World) => void | Promise<void>): Promise<void> {
    for (const world of this.worlds) {
      await world.clock.quiet();
      await change(world);
      await world.clock.quiet();
    }
  }

  /** A good caller asks, in both worlds; the answers must be alike. */
  async askAlike(who: GoodCaller, asking: (world: "main" | "twin") => Omit<Asking, "who">): Promise<Outcome> {
    const headers = { authorization: `Bearer ${this.persons[who]?.key}` };
    const [main, twin] = [asking("main"), asking("twin")];
    const before = this.worlds.map(({ providers }) => providers.seen.length);
    const outcome = await this.main.ask({ ...main, who, headers: { ...headers, ...main.headers } });
    const other = await this.twin.ask({ ...twin, who, headers: { ...headers, ...twin.headers } });
    const seen = this.worlds.map(({ providers }, k) =>
      providers.seen.slice(before[k]).filter(({ user }) => isGood(user)),
    ) as [Seen[], Seen[]];
    if (this.main.clock.now > this.#relaxedUntil) this.#compare(who, main.path, outcome, other, seen);
    else this.#compareLoosely(who, main.path, outcome);
    if (main.headers?.["x-signalbox-key"] === undefined) this.#checkRetryAfter(who, outcome);
    for (const one of seen.flat()) if (refusing.has(one.mood)) this.#relaxedUntil = Number.POSITIVE_INFINITY;
    await this.#bringTogether();
    if (this.#relaxedUntil === Number.POSITIVE_INFINITY)
      this.#relaxedUntil = this.main.clock.now + REMEMBERED_MS;
    const [id, twinId] = [outcome, other].map(({ headers }) => headers["x-signalbox-decision"]);
    if (id !== undefined && twinId !== undefined) this.decisions[who]?.push({ main: id, twin: twinId });
    return outcome;
  }

  /** The hostile caller asks, in one world; nobody waits for the answer. */
  attack(asking: Omit<Asking, "who">, goesAway = false): void {
    this.asked++;
    this.main.begin(
      { who: HOSTILE, ...asking },
      ({ headers }) => {
        const id = headers["x-signalbox-decision"];
        if (id !== undefined) this.decisions[HOSTILE]?.push({ main: id, twin: id });
      },
      goesAway,
    );
  }

  get hostileKey(): string {
    return this.persons[HOSTILE]?.key as string;
  }

  async #bringTogether(): Promise<void> {
    const now = Math.max(...this.worlds.map(({ clock }) => clock.now));
    await this.inBoth(({ clock }) => clock.passTo(now));
  }

  #compare(
    who: string,
    path: string,
    main: Outcome,
    twin: Outcome,
    seen: readonly [readonly Seen[], readonly Seen[]],
  ): void {
    const told = [main, twin].map((outcome) => JSON.stringify(alike(outcome)));
    if (told[0] !== told[1])
      this.violations.add(`${who} at ${path} is answered ${told[0]} and, without the other, ${told[1]}`);
    if (main.waitedMs > twin.waitedMs + LONGEST_READ_MS)
      this.violations.add(`${who} at ${path} waited ${main.waitedMs} ms, without the other ${twin.waitedMs}`);
    const sent = seen.map((requests) => JSON.stringify(requests));
    if (sent[0] !== sent[1])
      this.violations.add(`providers saw ${sent[0]} of ${who}, without the other ${sent[1]}`);
  }

  /** What two keys met may hold for a third, by the bounds that docs/security.md states. */
  #compareLoosely(who: string, path: string, { waitedMs }: Outcome): void {
    if (waitedMs > LONGEST_WAIT_MS) this.violations.add(`${who} at ${path} waited for ${waitedMs} ms`);
  }

  /** Whatever a provider says, a limit of the operator's key is tried again after half a minute. */
  #checkRetryAfter(who: string, { headers, text }: Outcome): void {
    const seconds = Number(headers["retry-after"] ?? 0);
    if (text.includes("upstream_rate_limited") && seconds > LONGEST_REST_SECONDS)
      this.violations.add(`${who} is told to wait for ${seconds} s`);
  }

  /** What a request may cost: so many attempts, and of a bounded key nothing beyond its bounds. */
  #checkSent(world: World): void {
    const { seen } = world.providers;
    for (const { user, body, upstream, mood } of seen.slice(this.#checked.get(world) ?? 0)) {
      const caller = isGood(user) ? (user.split("#", 1)[0] as string) : HOSTILE;
      const excess = this.#bounded.includes(caller) ? excessOf(body, upstream) : undefined;
      if (excess !== undefined) this.violations.add(`${caller} was let through with ${excess}`);
      const request = `${world === this.main ? "main" : "twin"} ${user}`;
      const attempts = this.#attempts.get(request) ?? { all: 0, costly: 0, begun: false };
      if (attempts.begun) this.violations.add(`${user} was begun a second time, and both are paid for`);
      // Nothing of an answer that isn't streamed is seen before it is finished.
      if (body["stream"] !== true && /^silent/.test(mood)) attempts.begun = true;
      attempts.all++;
      if (costly.has(mood)) attempts.costly++;
      this.#attempts.set(request, attempts);
      if (attempts.costly > MAX_ATTEMPTS) this.violations.add(`${user} cost ${attempts.costly} attempts`);
      if (attempts.all > MOST_ATTEMPTS) this.violations.add(`${user} was sent ${attempts.all} times`);
    }
    this.#checked.set(world, seen.length);
  }

  /** After every command. */
  async check(): Promise<void> {
    for (const world of this.worlds) this.#checkSent(world);
    for (const world of this.worlds) world.checkLogs([...promptWords, DECISION_SECRET]);
    this.violations.check();
  }

  /** Nobody asks any more: all ends, nothing is left, and each is charged for what was theirs. */
  async end(): Promise<void> {
    for (const upload of this.uploads) upload.error(new Error("gone"));
    await this.inBoth(({ clock }) => clock.passTo(clock.now + 20 * 60_000));
    for (const world of this.worlds) world.checkNothingIsLeft();
    const rows = this.worlds.map((world) => JSON.stringify(billOf(world)));
    if (rows[0] !== rows[1]) this.violations.add(`the good callers' bills differ: ${rows[0]} and ${rows[1]}`);
    const spent = this.worlds.map(({ spent }) =>
      JSON.stringify(goodCallers.map((who) => spent.get(who) ?? 0)),
    );
    if (spent[0] !== spent[1])
      this.violations.add(`the good callers' limits differ: ${spent[0]} and ${spent[1]}`);
    this.#checkHostileBill();
    await this.check();
  }

  /** No completion of the hostile caller without its record, and no more feedback of anybody than is allowed. */
  #checkHostileBill(): void {
    const days = Map.groupBy(this.main.rows("feedback"), ({ key_name, day }) => `${key_name} on day ${day}`);
    for (const [day, rows] of days)
      if (rows.length > FEEDBACK_PER_DAY) this.violations.add(`${rows.length} rows of feedback of ${day}`);
    if (this.databaseFailed) return;
    const asked = new Set(this.main.providers.seen.map(({ user }) => user).filter((user) => !isGood(user)));
    const recorded = this.main
      .rows("decisions")
      .filter(({ key_name, path }) => key_name === HOSTILE && path === "/v1/chat/completions");
    if (recorded.length < asked.size)
      this.violations.add(`${asked.size} completions reached providers, ${recorded.length} were recorded`);
  }
}

/** Asked by those who watch a Worker; every request looks for a new pointer. */
export const healthCheck = { who: "nobody", path: "/health", method: "GET" } as const;

const isGood = (user: string) => /^(?:alice|bob)#/.test(user);

// What a provider says that is remembered for a while.
const refusing: ReadonlySet<string> = new Set([
  ...["over-limit", "refuses-key", "no-credit", "model-gone", "broken"],
]);

// What a provider does work for, or is waited for.
const costly: ReadonlySet<string> = new Set([
  ...["broken", "hangs-up", "silent", "silent-after-headers", "elsewhere", "no-content", "page", "empty"],
]);
const MOST_ATTEMPTS = 20;

/** An answer without what is another one each time: ids and times. */
function alike({ status, headers, text }: Outcome): object {
  const { "x-signalbox-decision": _, "server-timing": __, ...kept } = headers;
  return { status, kept, text: text.replaceAll(/"dec_[\w-]+"/g, '"dec_"') };
}

/** Without what is another one each time, and without the moment, which is later for who waited for keys. */
function billOf(world: World): object {
  const isGoodRow = ({ key_name }: Readonly<Record<string, unknown>>) =>
    (goodCallers as readonly unknown[]).includes(key_name);
  return {
    decisions: world
      .rows("decisions")
      .filter(isGoodRow)
      .map(({ cache_hit: _, decision: __, decided_at: ___, ...row }) => row),
    feedback: world
      .rows("feedback")
      .filter(isGoodRow)
      .map(({ decision: _, decided_at: __, received_at: ___, ...row }) => row),
  };
}
