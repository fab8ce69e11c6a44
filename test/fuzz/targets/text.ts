import * as fc from "fast-check";
import { encodeText } from "../../../src/encoder/encode-text.ts";
import { createLexicalSession } from "../../../src/encoder/lexical-session.ts";
import { parseManifest } from "../../../src/encoder/manifest.ts";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { modelFiles } from "../../encoder/model-files.ts";
import { mutateDocument } from "../mutate.ts";
import { bytesOfText, check, jsonBytes, outcomeOf, type Target, textOf } from "../target.ts";

const tokenizer = unwrapTokenizer();
const manifest = parseManifest(modelFiles.manifest);
if (!manifest.ok) throw new Error(manifest.failure.message);
const limits = manifest.value.input;
const lexical = await createLexicalSession(modelFiles);

/** Texts for the tokenizer: every plane of Unicode, halves of surrogate pairs, and scripts that BERT treats apart. */
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.array(fc.nat(0xffff), { maxLength: 400 }).map((units) => String.fromCharCode(...units)),
  fc
    .tuple(
      fc.constantFrom("a", "é", "漢", "\ud83d", "\udc00", "\u0301", " ", "𠀀", "\u200d", "ß", "Σ"),
      fc.nat(3000),
    )
    .map(([unit, count]) => unit.repeat(count)),
);

export const encoderText: Target = {
  name: "encoder-text",
  examples: () =>
    ["What is the capital of France?", "Übersetze: 漢字 \u{20000} \ud800 \udc00 ﬁ", "[CLS] ##ing [SEP]"].map(
      bytesOfText,
    ),
  inputs: texts.map(bytesOfText),
  words: ["[CLS]", "##", "\ud800", "\u0000", "\ufffd", "\u2028", "漢"],
  codes: [],
  async run(input) {
    const text = textOf(input);
    const ids = tokenizer.encode(text);
    check(
      ids.every((id) => id >= 0 && id < tokenizer.vocabularySize),
      "a token is not in the vocabulary",
    );
    check(!ids.includes(tokenizer.startId) && !ids.includes(tokenizer.endId), "a text made a control token");
    check(ids.length <= 3 * text.length, `${text.length} units made ${ids.length} tokens`);
    check(Buffer.from(tokenizer.encode(text).buffer).equals(Buffer.from(ids.buffer)), "two readings differ");
    const { inputIds, lexicalIds, lexicalCounts } = encodeText(tokenizer, text, limits);
    check(inputIds.length >= 2 && inputIds.length <= limits.tokenCap, `${inputIds.length} tokens of context`);
    check(
      lexicalIds.length >= 1 && lexicalIds.length <= limits.lexicalDistinctCap,
      "too many distinct tokens",
    );
    const view = await lexical.embed({ inputIds, lexicalIds, lexicalCounts });
    const length = Math.sqrt(view.reduce((sum, value) => sum + value * value, 0));
    check(Math.abs(length - 1) < 1e-4, `the lexical view has length ${length}`);
    return "accepted";
  },
};

/** A vocabulary of few pieces, so that mutation reaches every part of the file. */
const smallTokenizer = {
  model: "WordPiece",
  unknownId: 1,
  startId: 2,
  endId: 3,
  maxWordCodePoints: 100,
  longestFirst: 5,
  longestContinuing: 3,
  vocabulary: "[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\n##ing",
  index: `${" ".repeat(10)}%&${" ".repeat(4)}`,
};

export const tokenizerFile: Target = {
  name: "tokenizer-file",
  examples: () => [jsonBytes(smallTokenizer), jsonBytes({ ...smallTokenizer, index: "%".repeat(16) })],
  inputs: fc.json().map((json) => new TextEncoder().encode(json)),
  mutate: mutateDocument,
  words: Object.keys(smallTokenizer),
  codes: ["bad_tokenizer"],
  run(input) {
    const read = createTokenizer(input);
    if (read.ok) {
      const ids = read.value.encode("Hello, tokenizing world: 漢字 é!");
      check(
        ids.every((id) => id < read.value.vocabularySize),
        "a token is not in the vocabulary",
      );
    }
    return outcomeOf(read);
  },
};

export const encoderManifest: Target = {
  name: "encoder-manifest",
  examples: () => [modelFiles.manifest],
  inputs: fc.json().map((json) => new TextEncoder().encode(json)),
  mutate: mutateDocument,
  words: ["tokenCap", "sha256", "tensors", "1e999", "null"],
  codes: ["bad_manifest", "unknown_manifest_format"],
  run: (input) => outcomeOf(parseManifest(input)),
};

function unwrapTokenizer() {
  const read = createTokenizer(modelFiles.tokenizer);
  if (!read.ok) throw new Error(read.failure.message);
  return read.value;
}
