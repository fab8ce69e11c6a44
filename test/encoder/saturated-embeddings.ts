import recorded from "../golden/saturating-cpu.json" with { type: "json" };

/** By text, what a CPU whose sums saturate made of the golden texts; to the precision of int8, and not of length 1. */
export const saturatedEmbeddings: ReadonlyMap<string, Float32Array> = new Map(
  recorded.map(({ text, int8 }) => [
    text,
    Float32Array.from(Buffer.from(int8, "base64"), (byte) => (byte << 24) >> 24),
  ]),
);
