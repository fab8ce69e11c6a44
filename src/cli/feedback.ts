import { createHash } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { OutcomeRecord } from "../outcomes/outcome.ts";
import { writeOutcomes } from "../outcomes/write-outcomes.ts";
import { countBefore, deleteBefore, type FeedbackRow, readFeedback } from "./d1/read-feedback.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { readLivePointer } from "./kv/upload.ts";
import { print, tell } from "./output.ts";

interface PullOptions extends TargetOptions {
  readonly out: string;
  readonly task: string;
  readonly since: Date;
  readonly key?: readonly string[];
  readonly excludeKey?: readonly string[];
}

/** `feedback pull`: collected feedback as outcomes, with embeddings in place of prompts. */
export function registerFeedback(program: Command): void {
  const feedback = program.command("feedback").description("what came of decisions");
  withTarget(
    feedback
      .command("pull")
      .description("write collected feedback as outcomes that `train` takes beside others")
      .requiredOption("--out <file>", "outcome file to write; gzip where it ends in .gz"),
  )
    .option("--task <name>", "name of the task that the outcomes count for", "feedback")
    .addOption(
      new Option("--since <time>", "only what was received from then on, such as 2026-01-31")
        .argParser(parseTime)
        .default(new Date(0), "the beginning"),
    )
    .option("--key <names>", "only what these API keys sent, separated by commas", parseNames)
    .option("--exclude-key <names>", "leave out what these API keys sent, separated by commas", parseNames)
    .addHelpText(
      "after",
      `
Example:
  signalbox feedback pull --remote --out feedback.jsonl --since 2026-01-31
  signalbox train outcomes.jsonl feedback.jsonl --out my-router`,
    )
    .action(pull);
  withTarget(
    feedback
      .command("prune")
      .description("delete old feedback and old rows of decisions and completions; nothing else does")
      .requiredOption("--before <time>", "what is older, such as 2026-01-31", parseTime),
  )
    .option("--dry-run", "count the rows, and delete none")
    .addHelpText(
      "after",
      `
Example:
  signalbox feedback pull --remote --out feedback-2025.jsonl.gz
  signalbox feedback prune --remote --before 2026-01-01`,
    )
    .action(prune);
}

interface PruneOptions extends TargetOptions {
  readonly before: Date;
  readonly dryRun?: boolean;
}

async function prune({ before, dryRun = false, json, ...target }: PruneOptions): Promise<void> {
  const rows = await countBefore(target, before);
  if (!dryRun) await deleteBefore(target, before);
  if (json) print(JSON.stringify({ ...rows, deleted: !dryRun }));
  else {
    const ending = dryRun ? "would be deleted" : "deleted";
    print(
      `${rows.feedback} scores and ${rows.decisions} decisions from before ${before.toISOString()} ${ending}`,
    );
  }
}

function parseNames(text: string): readonly string[] {
  return text.split(",").filter((name) => name !== "");
}

async function pull(options: PullOptions): Promise<void> {
  const rows = await readFeedback(options, options.since, (count) => tell(`${count} rows read`));
  const live = await withKeyValue(options, readLivePointer);
  // Without a pointer nobody can say which encoder counts: `train` then refuses embeddings of another size.
  const encoder = live?.encoder.slice(0, 16);
  const { key, excludeKey = [] } = options;
  const wanted = rows.filter(({ key_name }) => {
    const name = key_name ?? "";
    return (key === undefined || key.includes(name)) && !excludeKey.includes(name);
  });
  const usable = wanted.filter((row) => encoder === undefined || row.encoder === encoder);
  const records = outcomesOf(usable, options.task);
  await writeOutcomes(options.out, records);
  const skipped = wanted.length - usable.length;
  const summary = {
    file: options.out,
    decisions: records.length,
    scores: usable.length,
    skipped_other_encoder: skipped,
  };
  if (options.json) print(JSON.stringify(summary));
  else {
    print(
      `${options.out}: ${records.length} decisions, ${usable.length} scores${skipped > 0 ? `; ${skipped} left out, their embeddings are of another encoder than the live one` : ""}`,
    );
  }
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError("It must be a day or a time, such as 2026-01-31 or 2026-01-31T12:00Z.");
}

/** One record a decision, with every model that was scored on it. */
export function outcomesOf(rows: readonly FeedbackRow[], task: string): readonly OutcomeRecord[] {
  const byDecision = Map.groupBy(rows, ({ decision }) => decision);
  return [...byDecision].map(([decision, scored]) => {
    // A decision's id is good for the key that asked alone.
    const { embedding, key_name } = scored[0] as FeedbackRow;
    return {
      task,
      id: decision,
      prompt: "",
      outcomes: Object.fromEntries(scored.map(({ model, score }) => [model, score])),
      embedding,
      ...(key_name === null ? {} : { from: hashOfKeyName(key_name) }),
    };
  });
}

/** What a line says of its key: enough to tell one from another, and not its name. */
export function hashOfKeyName(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 16);
}
