const LONGEST_WORD_CODE_POINTS = 100;

/**
 * Makes the encoder's tokenizer.json from the public one. Kept: the vocabulary, one piece a line in order of id,
 * and the limit on a word. Stripped: truncation to 128, padding, the template of special tokens, the decoder and
 * the normalizer's settings, which src/encoder implements (uncased BERT) and which would otherwise be parsed
 * for nothing at every cold start.
 */
export function tokenizerFile(publicTokenizerJson: string): Uint8Array {
  const { model } = JSON.parse(publicTokenizerJson) as {
    model: {
      type: string;
      vocab: Record<string, number>;
      unk_token: string;
      continuing_subword_prefix: string;
    };
  };
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(model.vocab)) pieces[id] = piece;
  const file = {
    model: "WordPiece",
    unknown: model.unk_token,
    start: "[CLS]",
    end: "[SEP]",
    continuing: model.continuing_subword_prefix,
    maxWordCodePoints: LONGEST_WORD_CODE_POINTS,
    vocabulary: pieces.join("\n"),
  };
  return new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`);
}
