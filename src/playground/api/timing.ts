/** Where the time of one call went, in milliseconds. */
export interface Timing {
  /** From sending to the whole answer, as the browser saw it. */
  readonly roundTripMs: number;
  /** Stages of the `server-timing` header, in its order. */
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
}

/** `state;dur=0.1, embed;dur=4.2` -> stages; entries without a duration are left out. */
export function parseServerTiming(header: string | null): Timing["stages"] {
  return (header ?? "").split(",").flatMap((entry) => {
    const [name = "", ...parameters] = entry.split(";").map((part) => part.trim());
    const duration = parameters.find((parameter) => parameter.startsWith("dur="));
    const ms = Number(duration?.slice("dur=".length));
    return name !== "" && duration !== undefined && Number.isFinite(ms) ? [{ name, ms }] : [];
  });
}
