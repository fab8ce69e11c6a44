/** What a bundle's header says of what was learned from traffic since it was trained; nothing in one that was not. */
export interface LearnedHeader {
  /** Checksum of the bundle that it was learned from. */
  readonly base: string;
  /** By model: what was added to the log of its expected answer, and the tokens that it writes and nobody sees. */
  readonly lengths: ReadonlyMap<string, { readonly wordiness: number; readonly hidden: number }>;
}

export function learnedOf(header: Readonly<Record<string, unknown>>): LearnedHeader | undefined {
  const learned = header["learned"];
  if (!isRecord(learned) || typeof learned["base"] !== "string") return undefined;
  const lengths = new Map<string, { readonly wordiness: number; readonly hidden: number }>();
  for (const [model, length] of Object.entries(isRecord(learned["lengths"]) ? learned["lengths"] : {})) {
    if (!isRecord(length)) continue;
    const { wordiness, hidden } = length;
    if (typeof wordiness === "number" && typeof hidden === "number" && hidden >= 0) {
      lengths.set(model, { wordiness, hidden });
    }
  }
  return { base: learned["base"], lengths };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
