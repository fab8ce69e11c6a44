import { elapsedMs } from "../time-limit.ts";

/** Models whose provider asked to be left alone for a while. */
export interface Cooldowns {
  /** Milliseconds that the model still wants to rest; 0 when it may be asked. */
  remainingMs(model: string): number;
  rest(model: string, ms: number): void;
}

/** For a provider that names no Retry-After. */
export const DEFAULT_COOLDOWN_MS = 5_000;
// A provider's mistake must not shut a model out for hours.
const LONGEST_MS = 300_000;

export function createCooldowns(now: () => number): Cooldowns {
  // Keys are models of the catalogue, so the map stays small.
  const rests = new Map<string, { readonly since: number; readonly ms: number }>();
  return {
    remainingMs(model) {
      const rest = rests.get(model);
      return rest === undefined ? 0 : Math.max(0, rest.ms - elapsedMs(rest.since, now()));
    },
    rest(model, ms) {
      rests.set(model, { since: now(), ms: Math.min(ms, LONGEST_MS) });
    },
  };
}
