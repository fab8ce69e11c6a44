import type { ErrorCode } from "../../contract/error.ts";
import { type DayMean, type Drift, driftOf, type Metric } from "../../core/drift.ts";
import type { Failure } from "../../core/result.ts";
import { describeError, logEvent } from "../log.ts";
import type { Database } from "../platform.ts";
import { elapsedMs, withinTime } from "../time-limit.ts";
import { answerInTime, databaseCause } from "./database.ts";

/** Tells whether traffic is still what it was. No decision waits for it or is counted by it. */
export interface DriftWatch {
  /** What was found by the last look; the isolate's first one is waited for, 2 seconds at most. */
  faults(keepAlive: (work: Promise<unknown>) => void): Promise<readonly DriftFault[]>;
}

export type DriftFault = Failure<ErrorCode> & { readonly since: Date };

interface Finding extends Drift {
  /** When it was first found, Unix seconds. */
  readonly since: number;
}

const DAY_SECONDS = 24 * 3600;
const MONTH_DAYS = 30;
// A day is compared, so that some times a day is enough; each count reads the rows of a month.
const COUNT_SECONDS = 6 * 3600;
// Between two looks of an isolate at what any of them found, which is one row.
const LOOK_MS = 10 * 60_000;
const FIRST_LOOK_MS = 2000;

const codes: Readonly<Record<Metric, ErrorCode>> = {
  familiarity: "familiarity_drifted",
  cost: "cost_drifted",
  score: "score_drifted",
};

const sentences: Readonly<Record<Metric, (drift: Drift) => string>> = {
  familiarity: (drift) =>
    `prompts are ${drift.value < drift.low ? "less" : "more"} like what the router learned from: familiarity of the last day is ${compared(drift)}`,
  cost: (drift) => `a decision of the last day is expected to cost ${compared(drift, " USD")}`,
  score: (drift) =>
    `answers are graded ${drift.value < drift.low ? "worse" : "better"}: the mean score of the last day is ${compared(drift)}`,
};

function compared({ value, low, high, days }: Drift, unit = ""): string {
  const [told, from, to] = [value, Math.max(0, low), high].map((number) => number.toPrecision(3));
  return `${told}${unit}, outside of ${from} to ${to} as ${days} days of the last month make likely`;
}

export function createDriftWatch(database: Database, now: () => number): DriftWatch {
  let known: readonly DriftFault[] = [];
  let lookedAt: number | undefined;

  async function look(): Promise<void> {
    try {
      known = (await findings(database, Math.floor(now() / 1000))).map((finding) => ({
        code: codes[finding.metric],
        message: sentences[finding.metric](finding),
        since: new Date(finding.since * 1000),
      }));
    } catch (error) {
      logEvent({ event: "drift_not_read", cause: databaseCause(error), ...describeError(error) });
    }
  }

  return {
    async faults(keepAlive) {
      const isFirst = lookedAt === undefined;
      if (lookedAt === undefined || elapsedMs(lookedAt, now()) >= LOOK_MS) {
        lookedAt = now();
        const looking = look();
        keepAlive(looking);
        if (isFirst) await withinTime(FIRST_LOOK_MS, looking).catch(() => undefined);
      }
      return known;
    },
  };
}

/** What stands in the database, counted anew by whoever finds it old first. */
async function findings(database: Database, now: number): Promise<readonly Finding[]> {
  const read = database.prepare("SELECT checked_at, findings FROM drift WHERE id = ?").bind(1).all();
  const stored = (await answerInTime(read)).results[0];
  const before: readonly Finding[] = stored === undefined ? [] : JSON.parse(String(stored["findings"]));
  if (stored !== undefined && Number(stored["checked_at"]) > now - COUNT_SECONDS) return before;
  const claim = database
    .prepare(
      "INSERT INTO drift (id, checked_at, findings) VALUES (1, ?1, '[]') ON CONFLICT (id) DO UPDATE SET checked_at = ?1 WHERE checked_at <= ?2",
    )
    .bind(now, now - COUNT_SECONDS);
  const { meta } = await answerInTime(claim.run());
  if (meta.changes === 0) return before;
  const found = (await count(database, now)).map((drift) => ({
    ...drift,
    since: before.find(({ metric }) => metric === drift.metric)?.since ?? now,
  }));
  const write = database.prepare("UPDATE drift SET findings = ? WHERE id = 1").bind(JSON.stringify(found));
  await answerInTime(write.run());
  return found;
}

/** Means by how many days ago: 0 for the last 24 hours. */
type DaysOf = (metric: Metric) => ReadonlyMap<number, DayMean>;

async function count(database: Database, now: number): Promise<readonly Drift[]> {
  const query = (sql: string) =>
    answerInTime(
      database
        .prepare(sql)
        .bind(now, now - (MONTH_DAYS + 1) * DAY_SECONDS)
        .all(),
    );
  const decisions = await query(
    `SELECT CAST((?1 - decided_at) / ${DAY_SECONDS} AS INTEGER) AS age, COUNT(*) AS count, AVG(familiarity) AS familiarity, AVG(familiarity * familiarity) AS familiarity_square, AVG(expected_usd) AS cost, AVG(expected_usd * expected_usd) AS cost_square FROM decisions WHERE decided_at > ?2 AND decided_at <= ?1 AND reason <> 'named' GROUP BY age`,
  );
  const grades = await query(
    `SELECT CAST((?1 - received_at) / ${DAY_SECONDS} AS INTEGER) AS age, COUNT(*) AS count, AVG(score) AS score, AVG(score * score) AS score_square FROM feedback WHERE received_at > ?2 AND received_at <= ?1 GROUP BY age`,
  );
  const daysOf: DaysOf = (metric) =>
    new Map(
      (metric === "score" ? grades : decisions).results.map((row) => [
        Number(row["age"]),
        { count: Number(row["count"]), mean: Number(row[metric]), square: Number(row[`${metric}_square`]) },
      ]),
    );
  return (Object.keys(codes) as Metric[]).flatMap((metric) => {
    const days = daysOf(metric);
    const before = [...days].flatMap(([age, day]) => (age === 0 ? [] : [day]));
    return driftOf(metric, days.get(0), before) ?? [];
  });
}
