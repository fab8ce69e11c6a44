import { toBase64 } from "../../contract/base64.ts";
import type { Signal } from "../../contract/signal.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Decided } from "../../router/decision.ts";
import { describeError, logEvent } from "../log.ts";
import type { Database } from "../platform.ts";
import type { Settings } from "../state/bindings.ts";
import { answerInTime, databaseCause } from "./database.ts";
import {
  createDecisionSigner,
  type DecisionRecord,
  type DecisionSigner,
  quantizeEmbedding,
} from "./decision-token.ts";

/** What feedback needs; each part is undefined where it isn't set up. */
export interface Feedback {
  readonly signer: DecisionSigner | undefined;
  readonly store: FeedbackStore | undefined;
}

export interface FeedbackEntry {
  readonly record: DecisionRecord;
  /** The model that answered, by its id. */
  readonly model: string;
  readonly score: number;
  readonly comment: string | undefined;
  readonly receivedAt: Date;
  readonly keyName: string | undefined;
}

/** A signal as what it scores. */
export interface SignalEntry extends Omit<FeedbackEntry, "comment"> {
  readonly signal: Signal;
}

export interface FeedbackStore {
  /**
   * Keeps it once; the same again is a duplicate, anything else on the same decision and model is refused. A score takes the
   * place of what signals stood for.
   */
  record(entry: FeedbackEntry): Promise<Recorded>;
  /** Keeps a signal once, and the lowest score of all signals on a decision and model while nobody sent one. */
  recordSignal(entry: SignalEntry): Promise<Recorded>;
}

type Recorded = Result<
  "recorded" | "duplicate",
  "decision_replayed" | "rate_limited" | "feedback_not_stored"
>;

const DAY_MS = 24 * 3600_000;

type FeedbackSettings = Pick<
  Settings,
  "decisionSecrets" | "feedbackMaxAgeDays" | "database" | "maxAttempts" | "feedbackPerDay"
>;

export function createFeedback({
  decisionSecrets,
  feedbackMaxAgeDays,
  database,
  maxAttempts,
  feedbackPerDay,
}: FeedbackSettings): Feedback {
  return {
    signer:
      decisionSecrets.length === 0
        ? undefined
        : createDecisionSigner(decisionSecrets, feedbackMaxAgeDays * DAY_MS),
    // More models than may work on one completion never answered it.
    store: database && createFeedbackStore(database, maxAttempts, feedbackPerDay),
  };
}

/** What a decision is kept under, also where it is not signed: 16 random bytes in hexadecimal. */
export function newDecisionNumber(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** A decision's number and time. */
export interface Made {
  readonly number: string;
  readonly decidedAt: Date;
}

/** The id of a decision: signed, with what feedback needs, or a mere number where there is no secret. */
export async function newDecisionId(
  { signer }: Feedback,
  { decision, embedding, serving }: Decided,
  { number, decidedAt }: Made,
  keyName = "",
): Promise<string> {
  if (signer === undefined) return `dec_${number}`;
  const record = {
    number,
    decidedAt,
    bundle: serving.pointer.bundle.slice(0, 16),
    encoder: serving.pointer.encoder.slice(0, 16),
    model: decision.model,
    embedding: quantizeEmbedding(embedding),
  };
  return signer.sign(record, keyName);
}

// Conditions within the statement: the database does one after the other, so that none is passed by two at once. The
// number within the day is read at the end of an index, however many rows the key has. A row that is there already is no
// further one.
const INSERT = `INSERT INTO feedback
  (decision, model, score, comment, bundle, encoder, embedding, decided_at, received_at, key_name, day, of_day, signal)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, last + 1, ?14
  FROM (SELECT COALESCE(MAX(of_day), 0) AS last FROM feedback WHERE key_name IS ?10 AND day = ?11)
  WHERE (last < ?12 AND (SELECT COUNT(*) FROM feedback WHERE decision = ?1) < ?13)
    OR EXISTS (SELECT 1 FROM feedback WHERE decision = ?1 AND model = ?2)
  ON CONFLICT (decision, model) DO UPDATE
  SET score = excluded.score, comment = excluded.comment, received_at = excluded.received_at, signal = excluded.signal
  WHERE feedback.signal IS NOT NULL AND (excluded.signal IS NULL OR excluded.score < feedback.score)`;

// Only beside a row of feedback, whose number is bounded.
const INSERT_SIGNAL = `INSERT INTO signals (decision, model, signal, score, received_at)
  SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM feedback WHERE decision = ?1 AND model = ?2)
  ON CONFLICT DO NOTHING`;

function createFeedbackStore(database: Database, maxModels: number, perDay: number): FeedbackStore {
  /** Whether a row was written. */
  async function write(entry: FeedbackEntry, signal: Signal | null): Promise<boolean> {
    const { record, model, score, comment = null, receivedAt, keyName = null } = entry;
    const { number, bundle, encoder, embedding, decidedAt } = record;
    const statement = database
      .prepare(INSERT)
      .bind(
        ...[number, model, score, comment, bundle, encoder],
        toBase64(new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.length)),
        ...[seconds(decidedAt), seconds(receivedAt), keyName],
        ...[Math.floor(receivedAt.getTime() / DAY_MS), perDay, maxModels, signal],
      );
    return (await answerInTime(statement.run())).meta.changes > 0;
  }

  async function scoresOn({ record: { number } }: Pick<FeedbackEntry, "record">): Promise<readonly Scored[]> {
    const read = database
      .prepare("SELECT model, score, comment FROM feedback WHERE decision = ?")
      .bind(number)
      .all();
    return (await answerInTime(read)).results as unknown as readonly Scored[];
  }

  /** Why no row of this decision and model was written, where there is none. */
  function refusal(others: readonly Scored[]) {
    if (others.length < maxModels)
      return fail(
        "rate_limited",
        `this key has sent all the feedback that it may in a day (FEEDBACK_PER_DAY: ${perDay})`,
      );
    return fail(
      "decision_replayed",
      `${maxModels} models were scored on this decision, and no more can have answered it (MAX_ATTEMPTS)`,
      "model",
    );
  }

  async function orNotStored(work: () => Promise<Recorded>): Promise<Recorded> {
    try {
      return await work();
    } catch (error) {
      logEvent({ event: "feedback_not_stored", cause: databaseCause(error), ...describeError(error) });
      return fail("feedback_not_stored", "the database did not take the feedback; send it again");
    }
  }

  return {
    record: (entry) =>
      orNotStored(async () => {
        if (await write(entry, null)) return ok("recorded");
        const { model, score, comment = null } = entry;
        const scored = await scoresOn(entry);
        const before = scored.find((row) => row.model === model);
        if (before === undefined) return refusal(scored);
        if (before.score === score && before.comment === comment) return ok("duplicate");
        return fail(
          "decision_replayed",
          "other feedback on this decision and model was recorded before",
          "decision",
        );
      }),
    recordSignal: ({ signal, ...entry }) =>
      orNotStored(async () => {
        await write({ ...entry, comment: undefined }, signal);
        const { record, model, score, receivedAt } = entry;
        const statement = database
          .prepare(INSERT_SIGNAL)
          .bind(record.number, model, signal, score, seconds(receivedAt));
        if ((await answerInTime(statement.run())).meta.changes > 0) return ok("recorded");
        const scored = await scoresOn(entry);
        return scored.some((row) => row.model === model) ? ok("duplicate") : refusal(scored);
      }),
  };
}

interface Scored {
  readonly model: string;
  readonly score: number;
  readonly comment: string | null;
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
