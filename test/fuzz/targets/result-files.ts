import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, threadId } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { type FormatName, formats } from "../../../src/importers/formats.ts";
import { importFiles } from "../../../src/importers/import-files.ts";
import type { Random } from "../../../src/numerics/random.ts";
import { readOutcomes } from "../../../src/outcomes/read-outcomes.ts";
import { writeOutcomes } from "../../../src/outcomes/write-outcomes.ts";
import { mutateBytes, mutateDocument } from "../mutate.ts";
import { check, outcomeOf, type Target, utf8 } from "../target.ts";

const fixtures = fileURLToPath(new URL("../../importers/fixtures/", import.meta.url));
const folder = join(tmpdir(), `signalbox-fuzz-${process.pid}`);
const scratch = join(folder, String(threadId));
mkdirSync(scratch, { recursive: true });
// Threads may be ended in the middle of an input, so that the main one tidies up after all.
if (isMainThread) process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const lineCodes = [
  ...["unreadable_file", "broken_gzip", "not_utf8", "empty_file", "broken_line", "cut_line"],
  "line_too_long",
];
const outcomeCodes = [...lineCodes, "missing_field", "wrong_type", "score_out_of_range", "duplicate_id"];
const importCodes = [
  ...[...lineCodes, "wrong_format", "broken_csv", "broken_zip", "wrong_type", "score_out_of_range"],
  ...["choose_metric", "unknown_metric", "unknown_model", "prompt_mismatch", "nothing_imported"],
];

const outcomeLines = [
  {
    task: "refunds",
    id: "17",
    prompt: "A customer wants ...",
    outcomes: { "gpt-4o-mini": 1, "gpt-5.4": 0.5 },
  },
  {
    task: "refunds",
    id: "18",
    prompt: "Another",
    outcomes: { a: 0 },
    output_chars: { a: 3 },
    cost_usd: { a: 0.1 },
  },
  { task: "x", id: "1", outcomes: { a: 0.25 }, embedding: "AQID", output_tokens: { a: 12 } },
];
const outcomeText = `${outcomeLines.map((line) => JSON.stringify(line)).join("\n")}\n`;

export const outcomes: Target = {
  name: "outcomes",
  examples: () => [
    utf8(outcomeText),
    new Uint8Array(gzipSync(outcomeText)),
    utf8(`\ufeff${outcomeText}\r\n`),
  ],
  mutate: mutateLines,
  words: ['"task"', '"outcomes"', "\n", "1e999", "-0", "null", '"__proto__":', "\u001f\u008b"],
  codes: outcomeCodes,
  async run(input) {
    const file = put("outcomes.jsonl", input);
    const read = await readOutcomes([file]);
    if (read.ok) {
      const again = join(scratch, "again.jsonl");
      await writeOutcomes(again, read.value);
      const back = await readOutcomes([again]);
      check(back.ok || back.failure.code === "empty_file", "what was read cannot be written and read again");
      if (back.ok)
        check(JSON.stringify(back.value) === JSON.stringify(read.value), "it is written as something else");
    } else checkPlace(read.failure.message, file);
    return outcomeOf(read);
  },
};

interface ImportCase {
  readonly format: FormatName;
  /** Folder of fixtures; each file in it that `file` fits is an example. */
  readonly folder: string;
  readonly file: RegExp;
  readonly beside?: readonly string[];
  readonly metrics?: readonly string[];
  readonly mutate: NonNullable<Target["mutate"]>;
  readonly words: readonly string[];
}

const csvWords = [
  ",",
  '"',
  '""',
  "\n",
  "\r\n",
  "score",
  "model",
  "prompt",
  "|total_cost",
  "1e999",
  "-1",
  "['",
  "\\x",
  "\\U00110000",
];
const jsonWords = [
  '"',
  "null",
  "NaN",
  "Infinity",
  "1e999",
  "-1",
  "{}",
  "[]",
  "\n",
  '"C"',
  '"\\ud800"',
  "__proto__",
];

const cases: readonly ImportCase[] = [
  { format: "lm-eval", folder: "lm-eval/tiny-a", file: /^samples_/, mutate: mutateLines, words: jsonWords },
  {
    format: "inspect",
    folder: "inspect",
    file: /\.json$/,
    metrics: ["exact"],
    mutate: mutateDocument,
    words: jsonWords,
  },
  {
    format: "promptfoo",
    folder: "promptfoo",
    file: /results\.json$/,
    mutate: mutateDocument,
    words: jsonWords,
  },
  {
    format: "helm",
    folder: "helm/everyday-tiny-a",
    file: /^per_instance/,
    beside: ["scenario_state.json", "run_spec.json"],
    mutate: mutateDocument,
    words: jsonWords,
  },
  { format: "openai-evals", folder: "openai-evals", file: /\.jsonl$/, mutate: mutateLines, words: jsonWords },
  {
    format: "routerbench",
    folder: "routerbench",
    file: /\.csv$/,
    mutate: mutateBytesOf(csvWords),
    words: csvWords,
  },
  {
    format: "embedllm",
    folder: "embedllm",
    file: /\.csv$/,
    mutate: mutateBytesOf(csvWords),
    words: csvWords,
  },
  { format: "langfuse", folder: "langfuse", file: /\.json$/, mutate: mutateDocument, words: jsonWords },
  {
    format: "braintrust",
    folder: "braintrust",
    file: /\.csv$/,
    mutate: mutateBytesOf(csvWords),
    words: csvWords,
  },
  { format: "csv", folder: "csv", file: /\.csv$/, mutate: mutateBytesOf(csvWords), words: csvWords },
];

export const importers: readonly Target[] = cases.map(importTarget);

/** The zip around an Inspect log, and what is in it. */
export const inspectArchive: Target = importTarget({
  format: "inspect",
  folder: "inspect",
  file: /\.eval$/,
  metrics: ["exact"],
  mutate: mutateBytesOf(["PK\u0001\u0002", "PK\u0005\u0006", "PK\u0006\u0007", "header.json", "samples/"]),
  words: ["PK\u0001\u0002", "PK\u0005\u0006", "PK\u0006\u0007", "header.json", "samples/"],
});

function importTarget({
  format,
  folder,
  file,
  beside = [],
  metrics = [],
  mutate,
  words,
}: ImportCase): Target {
  const from = join(fixtures, folder);
  const names = readdirSync(from).filter((name) => file.test(name));
  const [first = ""] = names;
  const name = `import-${format}${first.endsWith(".eval") ? "-archive" : ""}`;
  return {
    name,
    examples: () => names.map((each) => new Uint8Array(readFileSync(join(from, each)))),
    mutate,
    words,
    codes: importCodes,
    async run(input) {
      for (const each of beside) writeFileSync(join(scratch, each), readFileSync(join(from, each)));
      const path = put(basename(first), input);
      const read = await importFiles(formats[format], [path], ["tiny"], { metrics, maxScore: 1 });
      if (!read.ok) checkPlace(read.failure.message, scratch);
      else {
        const written = join(scratch, "imported.jsonl");
        await writeOutcomes(written, read.value.records);
        const back = await readOutcomes([written]);
        check(back.ok, `train would refuse what was imported: ${back.ok ? "" : back.failure.message}`);
      }
      return outcomeOf(read);
    },
  };
}

function put(name: string, input: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, input);
  return path;
}

function checkPlace(message: string, path: string): void {
  check(message.startsWith(path), `the message does not say where: ${message}`);
}

/** Changes one line in its own terms and keeps the others. */
function mutateLines(example: Uint8Array, random: Random): Uint8Array {
  const lines = new TextDecoder().decode(example).split("\n");
  const at = Math.floor(random() * lines.length);
  const line = utf8(lines[at] as string);
  lines[at] = new TextDecoder().decode(
    random() < 0.8 ? mutateDocument(line, random) : mutateBytes(line, random),
  );
  return utf8(lines.join("\n"));
}

function mutateBytesOf(words: readonly string[]): NonNullable<Target["mutate"]> {
  return (example, random) => mutateBytes(example, random, words);
}
