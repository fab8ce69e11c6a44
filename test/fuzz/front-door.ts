import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { errorKinds } from "../../src/contract/error.ts";
import { type Random, seededRandom } from "../../src/numerics/random.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import type { Broken, FuzzReport } from "./fuzz-target.ts";
import { mutateBytes, mutateDocument, pick } from "./mutate.ts";
import type { Target } from "./target.ts";
import { batchRequest, chatRequest, feedbackRequest, routeRequest, taskRequest } from "./targets/requests.ts";

export const frontDoorName = "front-door";

const doors: readonly (readonly [path: string, bodies: Target])[] = [
  ["/v1/route", routeRequest],
  ["/v1/route/batch", batchRequest],
  ["/v1/route/task", taskRequest],
  ["/v1/chat/completions", chatRequest],
  ["/v1/feedback", feedbackRequest],
];
const contentTypes = [
  "application/json",
  "application/json",
  "application/json; charset=utf-8",
  "text/plain",
  "a/b",
];
const strangePaths = [
  "/v1/route/",
  "/v1//route",
  "/v1/%72oute",
  "/%",
  "/v1/route?x=%ff",
  "/..%2fv1/models",
  "/health",
];

// Long for a request that is refused, short for one that hangs; a shared machine may be busy.
const ANSWERS_WITHIN_MS = 120_000;
// No error of Signalbox's own may be behind any of these: the provider of the test can't be reached, feedback isn't set up.
const expectedFaults: ReadonlySet<string> = new Set([
  ...["upstream_failed", "upstream_timeout", "provider_not_configured", "upstream_rate_limited"],
  ...["feedback_unavailable", "task_profile_invalid"],
]);

interface FrontDoorOptions {
  readonly seed: number;
  readonly runs: number;
  readonly milliseconds?: number;
  readonly worker?: LocalWorker;
}

/** Random bodies, headers and paths for every address of the real Worker in workerd. */
export async function fuzzFrontDoor({ seed, runs, ...options }: FrontDoorOptions): Promise<FuzzReport> {
  const random = seededRandom(seed);
  // Nothing listens on this port: completions fail at the provider at once.
  const worker = options.worker ?? (await startTestWorker({ providerUrl: "http://127.0.0.1:9/v1" }));
  const refused: Record<string, number> = {};
  const broken = new Map<string, Broken>();
  const tally = { tried: 0, accepted: 0, slowestMs: 0 };
  const until = performance.now() + (options.milliseconds ?? Number.POSITIVE_INFINITY);
  try {
    const examples = new Map(
      await Promise.all(doors.map(async ([path, { examples }]) => [path, await examples()] as const)),
    );
    while (tally.tried < runs && performance.now() < until) {
      const request = makeRequest(examples, random);
      const start = performance.now();
      const outcome = await ask(worker.origin, request).catch(
        (error: Error) => `!${error.name}: ${error.message}`,
      );
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - start);
      tally.tried++;
      if (outcome.startsWith("!"))
        broken.set(outcome, { input: request.body, error: `${request.path} ${outcome.slice(1)}` });
      else if (outcome === "accepted") tally.accepted++;
      else refused[outcome] = (refused[outcome] ?? 0) + 1;
    }
  } finally {
    if (options.worker === undefined) await worker.stop();
  }
  return { target: frontDoorName, ...tally, refused, broken: [...broken.values()].slice(0, 20), corpus: 0 };
}

interface RandomRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

function makeRequest(examples: ReadonlyMap<string, readonly Uint8Array[]>, random: Random): RandomRequest {
  const [door, { words = [] }] = pick(doors, random);
  const example = pick(examples.get(door) ?? [], random);
  const body = random() < 0.7 ? mutateDocument(example, random) : mutateBytes(example, random, words);
  return {
    path: random() < 0.95 ? door : pick(strangePaths, random),
    method: random() < 0.97 ? "POST" : pick(["PUT", "DELETE", "PATCH", "OPTIONS"], random),
    headers: { "content-type": random() < 0.9 ? "application/json" : pick(contentTypes, random) },
    body: new Uint8Array(body),
  };
}

/** "accepted", the code of a refusal, or what is wrong with the answer, after a "!". */
async function ask(origin: string, { path, method, headers, body }: RandomRequest): Promise<string> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers,
    body,
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  });
  const text = await response.text();
  if (response.ok) {
    if (
      /:(?:null|NaN|"NaN"),?"(?:p_correct|expected_usd)/.test(text) ||
      /"(?:p_correct|expected_usd)":null/.test(text)
    ) {
      return "!a decision holds what is no number";
    }
    return "accepted";
  }
  const error = errorOf(text);
  if (error === undefined) return `!${response.status} without an error envelope: ${text.slice(0, 100)}`;
  const kind = Object.hasOwn(errorKinds, error.code)
    ? errorKinds[error.code as keyof typeof errorKinds]
    : undefined;
  if (kind === undefined) return `!the code ${error.code} is not in the contract`;
  if (kind.status !== response.status) return `!${error.code} came with status ${response.status}`;
  if (kind.status >= 500 && !expectedFaults.has(error.code)) return `!${response.status} ${error.code}`;
  return error.code;
}

function errorOf(text: string): { readonly code: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    return typeof error?.code === "string" && typeof error.message === "string"
      ? { code: error.code }
      : undefined;
  } catch {
    return undefined;
  }
}
