import { createApiKey } from "../../src/contract/api-key.ts";
import type { KeyLimits } from "../../src/contract/key-limits.ts";
import { type Percentiles, percentiles } from "../bench/statistics.ts";
import type { BackendName } from "../bench/subjects.ts";
import { type Behavior, startFakeProvider } from "../conformance/fake-provider.ts";
import { startAttackers, type Wanted } from "./attackers.ts";
import { lostFeedback } from "./lost-feedback.ts";
import { readRows, shortened } from "./soak.ts";
import { startSoakWorker } from "./soak-worker.ts";
import { type Kind, kinds, STREAM_CHUNKS, sendTraffic, type Traffic } from "./traffic.ts";

interface HostileSoakOptions {
  readonly backend: BackendName;
  /** Altogether: half of them with hostile callers. */
  readonly seconds: number;
  /** Good ones. */
  readonly clients: number;
}

interface HostileReport {
  readonly requests: number;
  /** What the hostile callers were answered, by status. */
  readonly hostile: Readonly<Record<string, number>>;
  /** Milliseconds of good callers without and with hostile ones, and the ratio of the 99th percentiles. */
  readonly kinds: Readonly<
    Record<Kind, { readonly calm: Percentiles; readonly hostile: Percentiles; readonly ratio: number }>
  >;
  readonly all: { readonly calm: Percentiles; readonly hostile: Percentiles; readonly ratio: number };
  readonly broken: readonly string[];
}

// In turn, so that whatever else the machine does falls on both alike.
const SLICE_SECONDS = 15;
/** What `limit` and `period` of wrangler.toml give every key. */
const HOSTILE_LIMITS: KeyLimits = { promptsPerMinute: 600 };

/** Good callers by themselves and beside hostile ones, in turn: none of them may see an error, or wait much longer. */
export async function hostileSoak({ backend, seconds, clients }: HostileSoakOptions): Promise<HostileReport> {
  const provider = await startFakeProvider({ chunks: STREAM_CHUNKS });
  const behaviors: Readonly<Record<Wanted, Behavior>> = {
    stall: { kind: "stall" },
    "over-limit": { kind: "status", status: 429, headers: { "retry-after": "86400" } },
    "die-mid-stream": { kind: "die-mid-stream", chunks: 2 },
  };
  const answer: Behavior = { kind: "answer", chunks: STREAM_CHUNKS };
  provider.behaveAll({ kind: "choose", choose: ({ user }) => behaviors[user as Wanted] ?? answer });
  const [good, hostile] = [await keyOf("good", {}), await keyOf("hostile", HOSTILE_LIMITS)];
  const worker = await startSoakWorker(backend, provider.baseUrl, {
    AUTH: "keys",
    API_KEYS: `${good.record},${hostile.record}`,
  });
  try {
    const { origin } = worker.workerd;
    const authorization = { authorization: `Bearer ${good.key}` };
    const warm = await sendTraffic(origin, clients, 2, authorization);
    const models = (await (await fetch(`${origin}/v1/models`, { headers: authorization })).json()).data
      .map(({ id }: { readonly id: string }) => id)
      .filter((id: string) => !id.startsWith("auto"));
    const traffics: { readonly calm: Traffic[]; readonly hostile: Traffic[] } = { calm: [], hostile: [] };
    const answers = new Map<number, number>();
    const slices = Math.max(2, 2 * Math.round(seconds / SLICE_SECONDS / 2));
    for (let k = 0; k < slices; k++) {
      provider.seen.length = 0;
      // The first of each pair changes, since what was done before may linger.
      const isHostile = k % 4 === 1 || k % 4 === 2;
      const attack = { origin, models, own: hostile.key, others: good.key };
      const attackers = isHostile ? startAttackers(attack) : undefined;
      const traffic = await sendTraffic(origin, clients, seconds / slices, authorization);
      for (const [status, count] of (await attackers?.stop()) ?? [])
        answers.set(status, (answers.get(status) ?? 0) + count);
      traffics[isHostile ? "hostile" : "calm"].push(traffic);
    }
    const all = [warm, ...traffics.calm, ...traffics.hostile];
    const sent = new Map(all.flatMap((traffic) => [...traffic.sent]));
    const accepted = new Set(all.flatMap((traffic) => [...traffic.accepted]));
    const last = (await (await fetch(`${origin}/health`)).json()) as { status: string };
    const compare = (which: readonly Kind[]) => {
      const timesOf = (list: readonly Traffic[]) =>
        percentiles(list.flatMap(({ times }) => which.flatMap((kind) => times[kind])));
      const [calm, beside] = [timesOf(traffics.calm), timesOf(traffics.hostile)];
      return { calm, hostile: beside, ratio: beside.p99 / calm.p99 };
    };
    return {
      requests: all.reduce(
        (sum, { times }) => sum + kinds.reduce((count, kind) => count + times[kind].length, 0),
        0,
      ),
      hostile: Object.fromEntries(answers),
      kinds: Object.fromEntries(kinds.map((kind) => [kind, compare([kind])])) as HostileReport["kinds"],
      all: compare(kinds),
      broken: [
        ...shortened(
          "answers",
          all.flatMap(({ wrong }) => wrong),
        ),
        ...shortened("feedback", lostFeedback({ sent, accepted }, await readRows(worker.workerd))),
        ...shortened(
          "log",
          worker.logs.filter((line) => /internal_error|"fault"|not_recorded/.test(line)),
        ),
        ...(last.status === "ok" ? [] : [`/health says ${last.status} at the end`]),
        ...(answers.size === 0 ? ["no hostile request was answered"] : []),
      ],
    };
  } finally {
    await worker.stop();
    await provider.stop();
  }
}

async function keyOf(name: string, limits: KeyLimits) {
  const made = await createApiKey(
    name,
    (count) => crypto.getRandomValues(new Uint8Array(count)),
    undefined,
    limits,
  );
  if (!made.ok) throw new Error(made.failure.message);
  return made.value;
}
