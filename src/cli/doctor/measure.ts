import { connectSignalbox } from "../../client/index.ts";
import { type Account, CloudflareRefusal } from "../cloudflare/account.ts";
import { openTail, type TailedRequest } from "../cloudflare/tail.ts";
import { findConfiguration } from "../configuration.ts";
import { attempt, type Check, pass } from "./check.ts";

/** What of a deployed Worker only its account can tell. Times in milliseconds; null where Cloudflare tells none. */
export interface Measured {
  readonly day: string;
  readonly backend: string;
  /** See /health. */
  readonly activation_bits: number | null;
  /** Of the Worker's code, when this version was uploaded. */
  readonly startup_ms: number | null;
  /** How long isolates that answered had waited for the encoder's files, each value once. */
  readonly kv_read_ms: readonly number[];
  readonly decisions: readonly TimedRequest[];
  readonly batch: TimedRequest;
}

interface TimedRequest {
  readonly prompts: number;
  /** As seen from here. */
  readonly ms: number;
  readonly cpu_ms: number | null;
  /** Cloudflare's word: `ok`, `exceededCpu`, `exceededMemory` and the like. */
  readonly outcome: string | null;
}

const DECISIONS = 20;
/** The most that one request may have. */
const BATCH_PROMPTS = 100;
const HEALTH_CHECKS = 20;
// A tail shows a request some seconds after it was answered.
const TAIL_MS = 20_000;

/** A prompt of about 64 tokens that nobody has asked before, so that no cache knows it. */
function newPrompt(): string {
  const numbers = Array.from(crypto.getRandomValues(new Uint16Array(3)), (each) => 100 + (each % 900));
  return `A shop sold ${numbers[0]} apples in the morning and ${numbers[1]} pears in the afternoon, and the owner wrote what was left. On the next day the price went up by a third, fewer people came, and ${numbers[2]} pieces of fruit were thrown away. Explain step by step how much money the shop made.`;
}

interface Place {
  readonly account: Account;
  /** Of the Worker at Cloudflare. */
  readonly name: string;
  readonly url: string;
  readonly apiKey: string | undefined;
}

/** What only Cloudflare can tell of the Worker that answers at an address. */
export async function measureDeployed(
  config: string | undefined,
  url: string,
  apiKey: string | undefined,
): Promise<{ readonly check: Check; readonly measured?: Measured }> {
  let measured: Measured | undefined;
  const next = "try again; the key in SIGNALBOX_KEY must be allowed to route, 120 prompts a minute";
  const check = await attempt("measures", next, async () => {
    const { openDeployedWorker } = await import("../cloudflare/deployed-worker.ts");
    const { account, name } = await openDeployedWorker(await findConfiguration(config, true));
    measured = await measureWorker({ account, name, url, apiKey });
    return pass(
      "measures",
      `${measured.decisions.length} decisions, ${measured.batch.prompts} prompts at once`,
    );
  });
  return { check, ...(measured === undefined ? {} : { measured }) };
}

/** Asks a deployed Worker for decisions, and Cloudflare for what they took. Spends 120 prompts of the key's limit. */
async function measureWorker({ account, name, url, apiKey }: Place): Promise<Measured> {
  const client = connectSignalbox({
    baseUrl: url,
    ...(apiKey === undefined ? {} : { apiKey }),
    maxRetries: 0,
    timeoutMs: 120_000,
  });
  const tail = await openTail(account, name);
  try {
    const timed = async (prompts: number, path: string, work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return { prompts, path, ms: Math.round(performance.now() - start) };
    };
    const asked: Awaited<ReturnType<typeof timed>>[] = [];
    for (let k = 0; k < DECISIONS; k++) {
      asked.push(await timed(1, "/v1/route", () => client.route({ prompt: newPrompt() })));
    }
    const prompts = Array.from({ length: BATCH_PROMPTS }, () => ({ prompt: newPrompt() }));
    asked.push(await timed(BATCH_PROMPTS, "/v1/route/task", () => client.routeTask(prompts)));
    const reads = new Set<number>();
    let health = await client.health();
    for (let k = 0; k < HEALTH_CHECKS; k++) {
      health = await client.health();
      if (health.encoder?.read_ms != null) reads.add(health.encoder.read_ms);
    }
    const told = await tail.until((requests) => asked.length <= decisionsOf(requests).length, TAIL_MS);
    const [decisions, batch] = withTold(asked, decisionsOf(told));
    return {
      day: new Date().toISOString().slice(0, 10),
      backend: health.encoder?.backend ?? "none",
      activation_bits: health.encoder?.activation_bits ?? null,
      startup_ms: await startupOf(account, name),
      kv_read_ms: [...reads].sort((a, b) => a - b),
      decisions,
      batch,
    };
  } finally {
    await tail.close();
  }
}

const decisionsOf = (requests: readonly TailedRequest[]) =>
  requests.filter(({ path }) => path === "/v1/route" || path === "/v1/route/task");

/** What was seen from here, with what Cloudflare told of it: requests were sent one after the other. */
function withTold(
  asked: readonly { readonly prompts: number; readonly path: string; readonly ms: number }[],
  told: readonly TailedRequest[],
): readonly [decisions: readonly TimedRequest[], batch: TimedRequest] {
  const left = [...told].sort((a, b) => a.at - b.at);
  const timed = asked.map(({ prompts, path, ms }) => {
    const index = left.findIndex((request) => request.path === path);
    const [found] = index < 0 ? [] : left.splice(index, 1);
    return { prompts, ms, cpu_ms: found?.cpuMs ?? null, outcome: found?.outcome ?? null };
  });
  return [timed.slice(0, -1), timed.at(-1) as TimedRequest];
}

interface Deployments {
  readonly deployments: readonly { readonly versions: readonly { readonly version_id: string }[] }[];
}

/** Of the version that answers. Cloudflare's API for single versions is in beta: what it refuses is not told. */
async function startupOf(account: Account, name: string): Promise<number | null> {
  try {
    const { deployments } = await account.ask<Deployments>(`/workers/scripts/${name}/deployments`);
    const version = deployments[0]?.versions[0]?.version_id;
    if (version === undefined) return null;
    const { startup_time_ms: startup } = await account.ask<{ readonly startup_time_ms?: number }>(
      `/workers/workers/${name}/versions/${version}`,
    );
    return startup ?? null;
  } catch (error) {
    if (error instanceof CloudflareRefusal) return null;
    throw error;
  }
}

/** A block for docs/performance.md; names neither address nor account. */
export function describeMeasured(measured: Measured): string {
  const { day, backend, activation_bits, startup_ms, kv_read_ms, decisions, batch } = measured;
  const cpu = decisions.flatMap(({ cpu_ms }) => (cpu_ms === null ? [] : [cpu_ms]));
  const rows = [
    ["startup of the code, as Cloudflare measured it", told(startup_ms, " ms")],
    ["bits of activations in products", activation_bits === null ? "none" : String(activation_bits)],
    [
      `encoder's files from KV: fastest and slowest of the isolates seen (${kv_read_ms.length})`,
      kv_read_ms.length === 0 ? "not told" : `${kv_read_ms[0]} ms, ${kv_read_ms.at(-1)} ms`,
    ],
    [
      `a decision of 64 tokens, ${decisions.length} of them: answer seen from here, median and longest`,
      `${median(decisions.map(({ ms }) => ms))} ms, ${Math.max(...decisions.map(({ ms }) => ms))} ms`,
    ],
    [
      `its CPU by the tail, ${cpu.length} of them: median and longest`,
      cpu.length === 0 ? "not told" : `${median(cpu)} ms, ${Math.max(...cpu)} ms`,
    ],
    [`${batch.prompts} prompts in one request: answer, CPU`, `${batch.ms} ms, ${told(batch.cpu_ms, " ms")}`],
    ["its outcome: `exceededMemory` where it took more than 128 MB", batch.outcome ?? "not told"],
  ];
  return [
    `\`signalbox doctor --remote\`, ${day}, backend ${backend}:`,
    "",
    "| what | measured |",
    "|---|---|",
    ...rows.map(([what, value]) => `| ${what} | ${value} |`),
  ].join("\n");
}

function told(value: number | null, unit: string): string {
  return value === null ? "not told" : `${value}${unit}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
