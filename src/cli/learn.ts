import { randomUUID } from "node:crypto";
import { type Command, Option } from "commander";
import type { Judgment } from "../learning/judge.ts";
import { type LearningOutcome, runLearning } from "../learning/run-learning.ts";
import { withDatabase } from "./d1/open-database.ts";
import { missingFrom, notMigrated } from "./d1/query.ts";
import { CommandFailure } from "./failure.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { parsePercentage, parseWholeNumber } from "./parse-number.ts";
import { formatTable } from "./table.ts";

interface LearnOptions extends TargetOptions {
  readonly canary?: number;
  readonly minFeedback: number;
  readonly perKey: number;
  readonly dryRun?: boolean;
}

/** `learn`: what the Worker does by itself where LEARN is set, now and from here. */
export function registerLearn(program: Command): void {
  withTarget(
    program
      .command("learn")
      .description("learn from the feedback in D1, and publish the bundle where it is better"),
  )
    .addOption(
      new Option("--canary <percent>", "only for this share of conversations").argParser(parsePercentage),
    )
    .option("--min-feedback <n>", "new grades without which nothing is done", parseWholeNumber(5), 100)
    .option("--per-key <n>", "grades of one API key that count in a day", parseWholeNumber(1), 50)
    .option("--dry-run", "tell what would be learned, and write nothing")
    .addHelpText(
      "after",
      `
Examples:
  signalbox learn --remote --dry-run     what the feedback says, and whether it would be published
  signalbox learn --remote --canary 10   for a tenth of the conversations
  signalbox rollback --remote            takes it back`,
    )
    .action(learn);
}

async function learn(options: LearnOptions): Promise<void> {
  const outcome = await withKeyValue(options, (kv) =>
    withDatabase(options, async (database) => {
      try {
        return await runLearning(
          { database, storage: kv, holder: randomUUID(), now: Date.now },
          {
            role:
              options.canary === undefined ? { kind: "live" } : { kind: "canary", percent: options.canary },
            minFeedback: options.minFeedback,
            perKey: options.perKey,
            mostRows: Number.MAX_SAFE_INTEGER,
            dryRun: options.dryRun ?? false,
          },
        );
      } catch (error) {
        const missing = missingFrom(String(error));
        if (missing !== undefined) throw notMigrated(missing, options.remote ? "--remote" : "--local");
        throw error;
      }
    }),
  );
  if (outcome.kind === "unsuitable")
    throw new CommandFailure({ code: "not_learned", message: outcome.reason });
  if (outcome.kind === "busy") {
    throw new CommandFailure({
      code: "busy",
      message: "another run is learning; try again when it has ended",
    });
  }
  print(options.json ? JSON.stringify(outcome, null, 2) : describe(outcome));
}

function describe(outcome: Exclude<LearningOutcome, { readonly kind: "busy" | "unsuitable" }>): string {
  switch (outcome.kind) {
    case "waiting":
      return `${outcome.grades} new grades, and ${outcome.needed} are needed: nothing was done`;
    case "continues":
      return "there is more feedback than one run takes; run it again";
    case "declined":
      return [...describeFigures(outcome), `not published: ${outcome.reason}`].join("\n");
    case "published":
      return [...describeFigures(outcome), `published ${outcome.bundle}`].join("\n");
    case "would_publish":
      return [...describeFigures(outcome), "Dry run: it would be published; nothing was written."].join("\n");
  }
}

function describeFigures({ figures }: Extract<LearningOutcome, { readonly figures: unknown }>) {
  const { judgment, models } = figures;
  return [
    ...formatTable(
      [
        { title: "model" },
        { title: "grades", isNumber: true },
        { title: "moved by", isNumber: true },
        { title: "believed", isNumber: true },
      ],
      Object.entries(models).map(([model, { grades, shift, credible }]) => [
        model,
        String(grades),
        `${shift >= 0 ? "+" : ""}${shift.toFixed(3)}`,
        `${Math.round(100 * credible)} %`,
      ]),
    ),
    ...(judgment === undefined ? [] : ["", describeJudgment(judgment)]),
  ];
}

/** What a learned bundle was judged by, in a line. */
export function describeJudgment({ grades, log_loss, value, changed }: Judgment): string {
  return `on the newest ${grades} grades: log loss ${log_loss.live.toFixed(4)} -> ${log_loss.learned.toFixed(4)}, estimated score ${value.live.toFixed(4)} -> ${value.learned.toFixed(4)}, another model for ${(100 * changed).toFixed(0)} %`;
}
