import type { LearnedLengths } from "./lengths.ts";
import { type CountedTokens, learnLengths } from "./lengths.ts";
import type { LearningDatabase, LearningStatement } from "./ports.ts";

/** The rows of `feedback` that count: of the live encoder, and of each key no more a day than it may. */
export interface Counting {
  /** First 16 digits of its checksum. */
  readonly encoder: string;
  readonly perKey: number;
}

/** Where learning stands; row numbers of `feedback`. */
export interface Standing {
  readonly base: string;
  readonly learned: number;
  readonly published: number;
  readonly judged: number;
}

/** One attempt that has begun. */
export interface Run {
  readonly id: number;
  readonly startedAt: number;
  readonly cut: number;
  readonly until: number;
}

export interface GradeRow {
  readonly rowid: number;
  readonly model: string;
  readonly score: number;
  readonly embedding: string;
  /** Name of the API key that sent it. */
  readonly key: string | null;
}

/** Longer than any run takes: the platform ends a scheduled one after 15 minutes. */
const LEASE_MS = 20 * 60_000;
const LENGTHS_OF_SECONDS = 30 * 24 * 3600;
const COUNTS = "encoder = ?1 AND (of_day IS NULL OR of_day <= ?2)";

/** Everything that learning reads and writes in D1, for one holder. */
export function learningState(database: LearningDatabase, holder: string, now: () => number) {
  const isHeld = "EXISTS (SELECT 1 FROM learning WHERE id = 1 AND holder = ? AND held_until > ?)";
  const held = () => [holder, now()] as const;
  const first = async <T>(statement: LearningStatement) =>
    (await statement.all()).results[0] as T | undefined;

  /** Everything or nothing, and nothing where another one has taken over. */
  async function commit(statements: readonly LearningStatement[]): Promise<void> {
    const answers = await database.batch(statements);
    if (answers.at(-1)?.meta.changes === 0) throw new LeaseLost();
  }

  const statement = {
    stand: (standing: Partial<Standing>) => {
      const columns = Object.keys(standing);
      return database
        .prepare(
          `UPDATE learning SET ${columns.map((name) => `${name} = ?`).join(", ")} WHERE id = 1 AND holder = ? AND held_until > ?`,
        )
        .bind(...(Object.values(standing) as (string | number)[]), ...held());
    },
    evidence: (model: string, cells: Float64Array) =>
      database
        .prepare(
          `INSERT INTO learning_evidence (model, cells) SELECT ?, ? WHERE ${isHeld} ON CONFLICT (model) DO UPDATE SET cells = excluded.cells`,
        )
        .bind(model, toBase64(cells), ...held()),
    run: (id: number, facts: Readonly<Record<string, string | number | null>>) =>
      database
        .prepare(
          `UPDATE learning_runs SET ${Object.keys(facts)
            .map((name) => `${name} = ?`)
            .join(", ")} WHERE id = ? AND ${isHeld}`,
        )
        .bind(...Object.values(facts), id, ...held()),
  };

  return {
    /** @returns false where somebody else learns */
    async acquire(base: string): Promise<boolean> {
      await database
        .prepare(
          "INSERT INTO learning (id, base, learned, published, judged, held_until) VALUES (1, ?, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        )
        .bind(base)
        .run();
      const { meta } = await database
        .prepare("UPDATE learning SET holder = ?1, held_until = ?3 WHERE id = 1 AND held_until <= ?2")
        .bind(holder, now(), now() + LEASE_MS)
        .run();
      return meta.changes > 0;
    },
    async release(): Promise<void> {
      await database
        .prepare("UPDATE learning SET held_until = 0 WHERE id = 1 AND holder = ?")
        .bind(holder)
        .run();
    },
    async isHolder(): Promise<boolean> {
      return (
        (await first(database.prepare(`SELECT 1 AS held WHERE ${isHeld}`).bind(...held()))) !== undefined
      );
    },
    standing: () =>
      first<Standing>(
        database.prepare("SELECT base, learned, published, judged FROM learning WHERE id = ?").bind(1),
      ),
    /** Begins anew on another base: what was added up was held against the one before. */
    async startOver(base: string): Promise<void> {
      await commit([
        database
          .prepare(
            `UPDATE learning_runs SET stage = 'given_up', ended_at = ?, reason = 'another bundle was published' WHERE stage IN ('learning', 'publishing') AND ${isHeld}`,
          )
          .bind(seconds(now()), ...held()),
        database.prepare(`DELETE FROM learning_evidence WHERE ${isHeld}`).bind(...held()),
        statement.stand({ base, learned: 0, published: 0, judged: 0 }),
      ]);
    },
    /** Rows were deleted, so that new ones get numbers that were used before. */
    async renumber(): Promise<void> {
      await commit([statement.stand({ learned: 0, published: 0, judged: 0 })]);
    },
    async evidence(): Promise<ReadonlyMap<string, Float64Array<ArrayBuffer>>> {
      const { results } = await database
        .prepare("SELECT model FROM learning_evidence WHERE model <> ? ORDER BY model")
        .bind("")
        .all();
      const known = new Map<string, Float64Array<ArrayBuffer>>();
      // One at a time: as texts, all of them together would be tens of megabytes.
      for (const { model } of results) {
        const row = await first<{ readonly cells: string }>(
          database.prepare("SELECT cells FROM learning_evidence WHERE model = ?").bind(String(model)),
        );
        if (row !== undefined) known.set(String(model), fromBase64(row.cells));
      }
      return known;
    },
    /** What is new behind a row. */
    async count({ encoder, perKey }: Counting, after: number, until: number): Promise<number> {
      const row = await first<{ readonly grades: number }>(
        database
          .prepare(`SELECT COUNT(*) AS grades FROM feedback WHERE ${COUNTS} AND rowid > ?3 AND rowid <= ?4`)
          .bind(encoder, perKey, after, until),
      );
      return row?.grades ?? 0;
    },
    /** Number of the last row; 0 without rows. */
    async lastRow(): Promise<number> {
      const row = await first<{ readonly last: number | null }>(
        database.prepare("SELECT MAX(rowid) AS last FROM feedback WHERE rowid > ?").bind(0),
      );
      return row?.last ?? 0;
    },
    /** The row with so many that count before it. */
    async rowAt({ encoder, perKey }: Counting, after: number, offset: number): Promise<number> {
      const row = await first<{ readonly rowid: number }>(
        database
          .prepare(
            `SELECT rowid FROM feedback WHERE ${COUNTS} AND rowid > ?3 ORDER BY rowid LIMIT 1 OFFSET ?4`,
          )
          .bind(encoder, perKey, after, offset),
      );
      return row?.rowid ?? after;
    },
    async page(
      { encoder, perKey }: Counting,
      after: number,
      until: number,
      rows: number,
    ): Promise<readonly GradeRow[]> {
      const { results } = await database
        .prepare(
          `SELECT rowid, model, score, embedding, key_name AS key FROM feedback WHERE ${COUNTS} AND rowid > ?3 AND rowid <= ?4 ORDER BY rowid LIMIT ?5`,
        )
        .bind(encoder, perKey, after, until, rows)
        .all();
      return results as unknown as readonly GradeRow[];
    },
    async lengths(endedBefore: number): Promise<LearnedLengths> {
      const { results } = await database
        .prepare(
          "SELECT model, COUNT(*) AS completions, TOTAL(expected_tokens) AS expected, TOTAL(visible_tokens) AS visible, TOTAL(hidden_tokens) AS hidden, TOTAL(assumed_tokens) AS assumed FROM completions WHERE ended_at >= ?1 AND ended_at < ?2 GROUP BY model ORDER BY model",
        )
        .bind(endedBefore - LENGTHS_OF_SECONDS, endedBefore)
        .all();
      return learnLengths(results as unknown as readonly CountedTokens[]);
    },
    /** A run that has begun and not ended. */
    openRun: () =>
      first<Run>(
        database
          .prepare(
            "SELECT id, started_at AS startedAt, cut, until FROM learning_runs WHERE stage IN (?, ?) ORDER BY id DESC LIMIT 1",
          )
          .bind("learning", "publishing"),
      ),
    async begin(base: string, cut: number, until: number): Promise<void> {
      await commit([
        database
          .prepare(
            `INSERT INTO learning_runs (started_at, base, cut, until, stage) SELECT ?, ?, ?, ?, 'learning' WHERE ${isHeld}`,
          )
          .bind(seconds(now()), base, cut, until, ...held()),
      ]);
    },
    /** Keeps what was added up so far. */
    async checkpoint(learned: number, evidence: ReadonlyMap<string, Float64Array>): Promise<void> {
      await commit([
        ...[...evidence].map(([model, cells]) => statement.evidence(model, cells)),
        statement.stand({ learned }),
      ]);
    },
    async publishing({ id }: Run, bundle: string): Promise<void> {
      await commit([statement.run(id, { stage: "publishing", bundle })]);
    },
    async end(
      { id, cut, until }: Run,
      stage: "published" | "declined" | "given_up",
      facts: { readonly bundle?: string; readonly reason?: string; readonly figures: object },
    ): Promise<void> {
      const { bundle = null, reason = null, figures } = facts;
      await commit([
        statement.run(id, {
          stage,
          bundle,
          reason,
          figures: JSON.stringify(figures),
          ended_at: seconds(now()),
        }),
        statement.stand(stage === "published" ? { published: cut, judged: until } : { judged: until }),
      ]);
    },
    /** Whether a bundle was learned here. */
    async wasLearned(bundle: string): Promise<boolean> {
      const row = database
        .prepare("SELECT 1 AS learned FROM learning_runs WHERE bundle = ? LIMIT 1")
        .bind(bundle);
      return (await first(row)) !== undefined;
    },
  };
}

export type LearningState = ReturnType<typeof learningState>;

/** Somebody else has taken over, which they do where this one seems to have died. */
export class LeaseLost extends Error {
  constructor() {
    super("another run has taken over");
  }
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function toBase64(cells: Float64Array): string {
  const bytes = new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
  let text = "";
  // No more at once than a call takes as arguments.
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(text);
}

function fromBase64(text: string): Float64Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let k = 0; k < binary.length; k++) bytes[k] = binary.charCodeAt(k);
  return new Float64Array(bytes.buffer);
}
