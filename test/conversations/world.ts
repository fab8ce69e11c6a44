import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { errorCodes } from "../../src/contract/error.ts";
import { kvKeys } from "../../src/contract/pointer.ts";
import { createLexicalSession } from "../../src/encoder/lexical-session.ts";
import { createApp } from "../../src/worker/http/app.ts";
import { createIsolate, type Isolate } from "../../src/worker/state/isolate.ts";
import { DECISION_SECRET, HOSTILE, type Person, providerKeys, type Secret, secretsOf } from "./people.ts";
import { Providers } from "./providers.ts";
import type { Published } from "./published.ts";
import { holdsNothingOf, type Violations } from "./violations.ts";
import { Clock } from "./virtual-time.ts";

export const LIMIT_PER_MINUTE = 300;
export const MAX_ATTEMPTS = 3;
export const FEEDBACK_PER_DAY = 20;
const CACHE_ENTRIES = 64;

export interface Asking {
  readonly who: string;
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array>;
}

export interface Outcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly waitedMs: number;
}

/** What of the platform can be made to fail. */
export interface Faults {
  limiter: "none" | "fails" | "hangs";
  database: "none" | "fails" | "hangs";
  kv: "none" | "fails" | "hangs";
  analytics: "none" | "fails";
}

const never = () => new Promise<never>(() => undefined);
const lexical = { isSupported: () => true, openSession: createLexicalSession };
const migrations = new URL("../../migrations/", import.meta.url);
const tables = readdirSync(migrations)
  .sort()
  .map((name) => readFileSync(new URL(name, migrations), "utf8"))
  .join("\n");

/** One Worker with everything around it: its own clock, storage, limiter and providers. */
export class World {
  readonly clock = new Clock();
  readonly faults: Faults = { limiter: "none", database: "none", kv: "none", analytics: "none" };
  readonly providers: Providers;
  readonly isolate: Isolate;
  readonly logs: string[] = [];
  /** Times that the limiter was asked, by the name of the key. */
  readonly spent = new Map<string, number>();
  requests = 0;
  /** Requests without an end so far. */
  pending = 0;
  /** Work after the answer that has not ended. */
  background = 0;
  readonly #app: ReturnType<typeof createApp>;
  readonly #secrets: readonly Secret[];
  readonly #database = new DatabaseSync(":memory:");
  readonly #kv: Map<string, Uint8Array>;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  readonly #windows = new Map<string, number>();

  readonly persons: Readonly<Record<string, Person>>;
  readonly published: Published;
  readonly violations: Violations;

  constructor(persons: Readonly<Record<string, Person>>, published: Published, violations: Violations) {
    this.persons = persons;
    this.published = published;
    this.violations = violations;
    this.#secrets = secretsOf(persons);
    this.providers = new Providers(this.#secrets, violations);
    this.#kv = new Map(published.contents);
    this.#database.exec(tables);
    const isolate = createIsolate(this.#environment(), { lexical });
    if (!isolate.ok) throw new Error(isolate.failure.message);
    this.isolate = isolate.value;
    this.#app = createApp(() => isolate);
  }

  #environment() {
    return {
      ...providerKeys,
      AUTH: "keys",
      API_KEYS: Object.values(this.persons)
        .map(({ record }) => record)
        .join(","),
      ENCODER_BACKEND: "lexical",
      POINTER_REFRESH_MS: "0",
      PASS_AUTHORIZATION: "guest",
      DECISION_LOG: "d1",
      LOG_DECISIONS: "true",
      MAX_ATTEMPTS: String(MAX_ATTEMPTS),
      FEEDBACK_PER_DAY: String(FEEDBACK_PER_DAY),
      EMBEDDING_CACHE_ENTRIES: String(CACHE_ENTRIES),
      DECISION_SECRET,
      SIGNALBOX: {
        get: (key: string) => this.#or("kv", () => (this.#kv.get(key)?.buffer as ArrayBuffer) ?? null),
      },
      RATE_LIMITER: { limit: ({ key }: { key: string }) => this.#or("limiter", () => this.#spend(key)) },
      DB: { prepare: (sql: string) => this.#statement(sql) },
      ANALYTICS: {
        writeDataPoint: () => {
          if (this.faults.analytics === "fails") throw new Error("no dataset");
        },
      },
    };
  }

  async #or<T>(part: "kv" | "limiter" | "database", work: () => T): Promise<T> {
    if (this.faults[part] === "hangs") return never();
    if (this.faults[part] === "fails") throw new Error(`${part} is down`);
    return work();
  }

  /** Cloudflare's counts by the minute; whoever asks is somebody whose key was right. */
  #spend(key: string) {
    this.spent.set(key, (this.spent.get(key) ?? 0) + 1);
    const window = `${key} ${Math.floor(this.clock.now / 60_000)}`;
    const count = (this.#windows.get(window) ?? 0) + 1;
    this.#windows.set(window, count);
    return { success: count <= LIMIT_PER_MINUTE };
  }

  #statement(sql: string) {
    return {
      bind: (...values: readonly (string | number | null)[]) => {
        const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
        this.#statements.set(sql, statement);
        return {
          run: () =>
            this.#or("database", () => ({ meta: { changes: Number(statement.run(...values).changes) } })),
          all: () => this.#or("database", () => ({ results: statement.all(...values) })),
        };
      },
    };
  }

  rows(table: "feedback" | "decisions"): readonly Readonly<Record<string, unknown>>[] {
    return this.#database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all();
  }

  put(key: string, bytes: Uint8Array): void {
    this.#kv.set(key, bytes);
  }

  /** What is live, as it stands in KV. */
  get live(): string {
    return new TextDecoder().decode(this.#kv.get(kvKeys.active));
  }

  /** Sends a request and lets time pass until it is answered. */
  async ask(asking: Asking): Promise<Outcome> {
    const begun = this.clock.now;
    let outcome: Outcome | undefined;
    this.begin(asking, (found) => {
      outcome = found;
    });
    await this.clock.quiet();
    while (outcome === undefined) {
      if (!(await this.clock.advance())) throw new Error(`${asking.who}'s ${asking.path} waits for ever`);
    }
    return { ...outcome, waitedMs: this.clock.now - begun };
  }

  /** Sends a request and leaves it; `onEnd` is called when it was answered. */
  begin(asking: Asking, onEnd: (outcome: Outcome) => void = () => undefined, goesAway = false): void {
    this.requests++;
    this.pending++;
    void this.#answer(asking, goesAway)
      .then(onEnd, (error: unknown) => this.violations.add(`${asking.path} threw ${String(error)}`))
      .finally(() => this.pending--);
  }

  async #answer({ who, method = "POST", path, headers, body }: Asking, goesAway: boolean): Promise<Outcome> {
    globalThis.fetch = this.providers.fetch as typeof fetch;
    console.log = (line: string) => void this.logs.push(line);
    const request = new Request(`https://signalbox.example${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(method === "GET" ? {} : { body: body ?? "", duplex: "half" }),
    } as RequestInit);
    const response = await this.#app.fetch(request, {}, this.#context());
    const text = goesAway ? await firstOf(response) : await wholeOf(response);
    const outcome = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      waitedMs: 0,
    };
    this.#check(who, path, outcome);
    return outcome;
  }

  #context() {
    const waitUntil = (work: Promise<unknown>) => {
      this.background++;
      void work
        .catch((error) => this.violations.add(`background work threw ${String(error)}`))
        .finally(() => this.background--);
    };
    return { waitUntil, passThroughOnException: () => undefined, props: undefined } as never;
  }

  /** What holds for every answer to anybody. */
  #check(who: string, path: string, { status, headers, text }: Outcome): void {
    const where = `the answer to ${who} at ${path}`;
    const others = this.#secrets.filter(({ name }) => name !== `own:${who}`);
    holdsNothingOf(others, `${JSON.stringify(headers)} ${text}`, where, this.violations);
    if (headers["x-content-type-options"] !== "nosniff") this.violations.add(`${where} may be sniffed`);
    if (status < 400 || headers["x-signalbox-model"] !== undefined) return;
    const code = path === "/health" ? "" : codeOf(text);
    if (code === undefined || code === "internal_error")
      this.violations.add(`${where} is ${status} ${text.slice(0, 200)}`);
  }

  /** Whether the log holds a secret, or a word of what callers wrote. */
  checkLogs(words: readonly string[]): void {
    const written = this.logs.splice(0).join("\n");
    holdsNothingOf(this.#secrets, written, "the log", this.violations);
    for (const word of words) if (written.includes(word)) this.violations.add(`the log holds "${word}"`);
    if (written.includes("internal_error"))
      this.violations.add(`the log tells of an ${written.slice(0, 500)}`);
  }

  /** What there is of memory and waiting once nobody asks any more. */
  checkNothingIsLeft(): void {
    const { bodyBudget, cooldowns, outOfOrder, embeddings, settings } = this.isolate;
    const left: Readonly<Record<string, number>> = {
      "requests without an answer": this.pending,
      "work in the background": this.background,
      timers: this.clock.waiting,
      "answers of providers that are open": this.providers.open,
      "embeddings beyond the cache": Math.max(0, embeddings.counts().size - CACHE_ENTRIES),
    };
    for (const [what, count] of Object.entries(left))
      if (count !== 0) this.violations.add(`${count} ${what} are left`);
    for (const owner of [...Object.keys(this.persons), HOSTILE]) {
      const share = bodyBudget.open(owner);
      if (!share.take(settings.maxBodyBytes)) this.violations.add(`${owner} has no memory for a body`);
      share.release();
      for (const place of this.published.places) {
        if (cooldowns.remainingMs(place, owner) + outOfOrder.remainingMs(place, owner) > 0)
          this.violations.add(`${place} rests for ${owner}`);
      }
    }
    const whole = bodyBudget.open(undefined);
    if (!whole.take(16 * 1024 * 1024)) this.violations.add("memory of bodies was not given back");
    whole.release();
  }
}

function codeOf(text: string): string | undefined {
  try {
    const { code } = JSON.parse(text).error;
    return (errorCodes as readonly string[]).includes(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

async function wholeOf(response: Response): Promise<string> {
  // A stream that breaks off ends with what had come; what comes before is checked all the same.
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {}
  return text;
}

async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read().catch(() => undefined);
  void reader?.cancel().catch(() => undefined);
  return new TextDecoder().decode(first?.value);
}
