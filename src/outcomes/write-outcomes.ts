import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { OutcomeRecord } from "./outcome.ts";

/**
 * Writes an outcome file, gzip where the name ends in .gz. The file appears whole or not at all: the lines go
 * to a temporary file beside it, which then takes its name. Rejects where the place cannot be written.
 */
export async function writeOutcomes(file: string, records: Iterable<OutcomeRecord>): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  const lines = Readable.from(formatLines(records));
  try {
    const target = createWriteStream(temporary, { flags: "wx" });
    await (file.endsWith(".gz") ? pipeline(lines, createGzip(), target) : pipeline(lines, target));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function* formatLines(records: Iterable<OutcomeRecord>): Generator<string> {
  for (const { task, id, prompt, outcomes, outputChars, outputTokens, costUsd, embedding } of records) {
    yield `${JSON.stringify({
      task,
      id,
      prompt: prompt === "" && embedding !== undefined ? undefined : prompt,
      outcomes,
      output_chars: outputChars,
      output_tokens: outputTokens,
      cost_usd: costUsd,
      embedding,
    })}\n`;
  }
}
