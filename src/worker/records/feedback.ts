import { toBase64 } from "../../contract/base64.ts";
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

export interface FeedbackStore {
  /** Keeps it once; the same again is a duplicate, anything else on the same decision and model is refused. */
  record(
    entry: FeedbackEntry,
  ): Promise<Result<"recorded" | "duplicate", "decision_replayed" | "rate_limited" | "feedback_not_stored">>;
}

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
// number within the day is read at the end of an index, however many rows the key has.
const INSERT = `INSERT INTO feedback
  (decision, model, score, comment, bundle, encoder, embedding, decided_at, received_at, key_name, day, of_day)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, last + 1
  FROM (SELECT COALESCE(MAX(of_day), 0) AS last FROM feedback WHERE key_name IS ?10 AND day = ?11)
  WHERE last < ?12 AND (SELECT COUNT(*) FROM feedback WHERE decision = ?1) < ?13
  ON CONFLICT (decision, model) DO NOTHING`;

function createFeedbackStore(database: Database, maxModels: number, perDay: number): FeedbackStore {
  return {
    async record({ record, model, score, comment = null, receivedAt, keyName = null }) {
      const { number, bundle, encoder, embedding, decidedAt } = record;
      try {
        const write = database
          .prepare(INSERT)
          .bind(
            ...[number, model, score, comment, bundle, encoder],
            toBase64(new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.length)),
            ...[seconds(decidedAt), seconds(receivedAt), keyName],
            ...[Math.floor(receivedAt.getTime() / DAY_MS), perDay, maxModels],
          )
          .run();
        const { meta } = await answerInTime(write);
        if (meta.changes > 0) return ok("recorded");
        const read = database
          .prepare("SELECT model, score, comment FROM feedback WHERE decision = ?")
          .bind(number)
          .all();
        const { results: scored } = await answerInTime(read);
        const before = scored.find((row) => row["model"] === model);
        if (before?.["score"] === score && before["comment"] === comment) return ok("duplicate");
        if (before !== undefined) {
          return fail(
            "decision_replayed",
            "other feedback on this decision and model was recorded before",
            "decision",
          );
        }
        if (scored.length < maxModels)
          return fail(
            "rate_limited",
            `this key has sent all the feedback that it may in a day (FEEDBACK_PER_DAY: ${perDay})`,
          );
        return fail(
          "decision_replayed",
          `${maxModels} models were scored on this decision, and no more can have answered it (MAX_ATTEMPTS)`,
          "model",
        );
      } catch (error) {
        logEvent({ event: "feedback_not_stored", cause: databaseCause(error), ...describeError(error) });
        return fail("feedback_not_stored", "the database did not take the feedback; send it again");
      }
    },
  };
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
