import autocannon from "autocannon";
import { Texts } from "../bench/texts.ts";
import { streamOf } from "../conformance/fake-provider.ts";

/** What is sent. */
export const kinds = ["route", "batch", "task", "chat", "stream", "feedback"] as const;
export type Kind = (typeof kinds)[number];

/** A decision that was answered, with what it was asked. */
export interface Sample {
  readonly prompt: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly sentAt: number;
  readonly receivedAt: number;
  // biome-ignore lint/suspicious/noExplicitAny: the wire form of a decision
  readonly body: any;
}

export interface Traffic {
  /** Milliseconds of every answer with status 200. */
  readonly times: Readonly<Record<Kind, number[]>>;
  /** Everything that was not as it must be, in a sentence each. */
  readonly wrong: string[];
  readonly samples: Sample[];
  /** Feedback that was sent: number of the decision to the score. */
  readonly sent: Map<string, number>;
  /** Feedback that was answered with 200. */
  readonly accepted: Set<string>;
  readonly duplicates: { count: number };
}

/** What the requests of one client tell each other, from one route to its feedback. */
interface Context {
  sentAt?: number;
  prompt?: string;
  options?: Readonly<Record<string, unknown>>;
  decision?: string;
  score?: number;
}

interface Ask {
  readonly kind: Kind;
  readonly path: string;
  readonly body: (context: Context) => object;
  readonly check: (answer: Answer, context: Context) => string | undefined;
}

interface Answer {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly json: () => any;
  readonly header: (name: string) => string | undefined;
}

const SCORES = [0, 0.25, 0.5, 0.75, 1];
const SAMPLE_EVERY = 4;
/** Chunks of the fake provider's streams. */
export const STREAM_CHUNKS = 20;

/** Closed-loop clients that each ask for everything in turn, as fast as answers come. */
export async function sendTraffic(
  origin: string,
  clients: number,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Traffic> {
  const traffic: Traffic = {
    times: { route: [], batch: [], task: [], chat: [], stream: [], feedback: [] },
    wrong: [],
    samples: [],
    sent: new Map(),
    accepted: new Set(),
    duplicates: { count: 0 },
  };
  const asks = sequence(traffic);
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    autocannon(
      {
        url: origin,
        connections: clients,
        duration: seconds,
        timeout: 30,
        requests: asks.map(({ kind, path, body, check }) => ({
          method: "POST",
          path,
          headers: { "content-type": "application/json", ...headers },
          setupRequest: (request, shared) => {
            const context = shared as Context;
            const text = JSON.stringify(body(context));
            context.sentAt = Date.now();
            return { ...request, body: text };
          },
          onResponse: (status, text, shared, headers) => {
            const context = shared as Context;
            if (status !== 200) {
              traffic.wrong.push(`${kind}: ${status} ${text.slice(0, 200)}`);
              return;
            }
            traffic.times[kind].push(Date.now() - (context.sentAt as number));
            const names = new Map(
              Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
            );
            const header = (name: string) => names.get(name) as string | undefined;
            const problem = check({ text, header, json: () => JSON.parse(text) }, context);
            if (problem !== undefined) traffic.wrong.push(`${kind}: ${problem}`);
          },
        })),
      },
      (error, found) => (error ? reject(error) : resolve(found)),
    );
  });
  if (result.errors > 0) traffic.wrong.push(`${result.errors} connections broke or waited for 30 seconds`);
  if (result.mismatches > 0) traffic.wrong.push(`${result.mismatches} answers were not what was asked for`);
  return traffic;
}

/** One round of a client. */
function sequence(traffic: Traffic): readonly Ask[] {
  const texts = new Texts(11);
  let turn = 0;
  const route = (options: (prompt: string) => Readonly<Record<string, unknown>>): Ask => ({
    kind: "route",
    path: "/v1/route",
    body(context) {
      context.prompt = texts.ofTokens(16 + (turn++ % 4) * 24);
      context.options = options(context.prompt);
      return { prompt: context.prompt, ...context.options };
    },
    check({ json, header }, context) {
      const body = json();
      context.decision = body.id;
      if (turn % SAMPLE_EVERY === 0) {
        traffic.samples.push({
          prompt: context.prompt as string,
          options: context.options as Record<string, unknown>,
          sentAt: context.sentAt as number,
          receivedAt: Date.now(),
          body,
        });
      }
      if (header("x-signalbox-bundle") !== body.bundle) return "header and body name different bundles";
      return body.ranking.length > 0 ? undefined : "no ranking";
    },
  });
  const feedback = (again: boolean): Ask => ({
    kind: "feedback",
    path: "/v1/feedback",
    body(context) {
      if (!again) context.score = SCORES[turn % SCORES.length];
      const { decision = "", score = 0 } = context;
      traffic.sent.set(numberOf(decision), score);
      return { decision, score };
    },
    check({ json }, context) {
      const { duplicate } = json();
      traffic.accepted.add(numberOf(context.decision as string));
      if (duplicate) traffic.duplicates.count++;
      return duplicate === again ? undefined : `duplicate is ${duplicate}`;
    },
  });
  const messages = () => [
    { role: "system", content: "Be short." },
    { role: "user", content: texts.ofTokens(24) },
  ];
  const batch: Ask = {
    kind: "batch",
    path: "/v1/route/batch",
    body: () => ({ requests: Array.from({ length: 8 }, () => ({ prompt: texts.ofTokens(16) })) }),
    check: ({ json }) => {
      const { data } = json();
      return data.length === 8 && data.every((one: { model?: string }) => one.model !== undefined)
        ? undefined
        : "not eight decisions";
    },
  };
  const task: Ask = {
    kind: "task",
    path: "/v1/route/task",
    body: () => ({
      prompts: Array.from({ length: 6 }, (_, k) => ({
        prompt: texts.ofTokens(16),
        ...(k < 2 ? { outcomes: { "gpt-4o-mini": k } } : {}),
      })),
    }),
    check: ({ json }) => (json().labelled === 2 ? undefined : "labels were lost"),
  };
  const chat: Ask = {
    kind: "chat",
    path: "/v1/chat/completions",
    body: () => ({ model: "auto:spend=0.3", messages: messages() }),
    check({ json, header }, context) {
      context.decision = header("x-signalbox-decision") as string;
      const said = json().choices[0].message.content;
      return said === `Hello from fake/${header("x-signalbox-model")?.replace(/@.*/, "")}`
        ? undefined
        : `answered ${said}`;
    },
  };
  const stream: Ask = {
    kind: "stream",
    path: "/v1/chat/completions",
    body: () => ({ model: "auto", stream: true, messages: messages() }),
    check: ({ text, header }) =>
      text === streamOf(`fake/${header("x-signalbox-model")?.replace(/@.*/, "")}`, STREAM_CHUNKS)
        ? undefined
        : `a stream of ${text.length} characters is not what the provider sent`,
  };
  const plain = route(() => ({}));
  const pinned = route((prompt) => ({ session: `conversation ${prompt.length % 7}` }));
  const cheap = route(() => ({ tolerance: 0.05 }));
  const limited = route(() => ({ min_p_correct: 0.8, exclude: ["nova*"] }));
  return [
    plain,
    feedback(false),
    pinned,
    chat,
    feedback(false),
    cheap,
    feedback(false),
    feedback(true),
    stream,
    limited,
    batch,
    plain,
    task,
    stream,
    pinned,
    feedback(false),
  ];
}

/** The decision's number within its signed id: what D1 keeps feedback under. */
function numberOf(id: string): string {
  return Buffer.from(id.slice(4), "base64url").subarray(5, 21).toString("hex");
}
