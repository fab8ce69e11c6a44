import { UNKNOWN_OUTPUT_TOKENS } from "../../core/cost.ts";
import { learnedOf } from "../../core/learned.ts";
import type { Decided } from "../../router/decision.ts";
import { describeError, logEvent } from "../log.ts";
import type { Database } from "../platform.ts";
import type { Usage } from "../providers/usage.ts";
import { answerInTime, databaseCause } from "./database.ts";

/** What completions took, in the table `completions`: answer lengths and hidden tokens are learned from it. */
export interface CompletionLog {
  /** Never rejects: what could not be stored is logged. */
  write(decided: Decided, model: string, usage: Usage, keyName: string | undefined): Promise<void>;
}

const INSERT = `INSERT INTO completions
  (ended_at, model, expected_tokens, visible_tokens, hidden_tokens, assumed_tokens, input_tokens, key_name)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

export function createCompletionLog(database: Database): CompletionLog {
  return {
    async write({ prediction, serving }, model, { input, output, reasoning }, keyName) {
      const { predictor, catalogue } = serving;
      const length = prediction.outputTokens[predictor.models.indexOf(model)];
      const entry = catalogue.models[model];
      if (length === undefined || entry === undefined) return;
      const learned = learnedOf(predictor.header)?.lengths.get(model);
      const known = Number.isFinite(length) ? length : UNKNOWN_OUTPUT_TOKENS;
      const expected = known / Math.exp(learned?.wordiness ?? 0);
      const assumed = entry.unseenOutputTokens;
      // Who doesn't tell them apart is taken to have hidden as large a share as the catalogue says.
      const hidden = reasoning ?? (assumed === 0 ? 0 : (output * assumed) / (expected + assumed));
      const values = [
        ...[Math.floor(Date.now() / 1000), model, expected, Math.max(0, output - hidden)],
        ...[Math.min(hidden, output), assumed, Math.floor(input), keyName ?? null],
      ];
      try {
        await answerInTime(
          database
            .prepare(INSERT)
            .bind(...values)
            .run(),
        );
      } catch (error) {
        logEvent({ event: "not_recorded", cause: databaseCause(error), ...describeError(error) });
      }
    },
  };
}
