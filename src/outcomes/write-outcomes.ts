import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { OutcomeRecord } from "./outcome.ts";
import { OWNER_ONLY, writeWhole } from "./write-whole.ts";

/**
 * Writes an outcome file, gzip where the name ends in .gz. The file appears whole or not at all, and for its owner only,
 * since it holds prompts.
 */
export async function writeOutcomes(file: string, records: Iterable<OutcomeRecord>): Promise<void> {
  const lines = Readable.from(formatLines(records));
  await writeWhole(file, file.endsWith(".gz") ? lines.compose(createGzip()) : lines, OWNER_ONLY);
}

function* formatLines(records: Iterable<OutcomeRecord>): Generator<string> {
  for (const { task, id, prompt, outcomes, outputChars, outputTokens, costUsd, embedding, from } of records) {
    yield `${JSON.stringify({
      task,
      id,
      prompt: prompt === "" && embedding !== undefined ? undefined : prompt,
      outcomes,
      output_chars: outputChars,
      output_tokens: outputTokens,
      cost_usd: costUsd,
      embedding,
      from,
    })}\n`;
  }
}
