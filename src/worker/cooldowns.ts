/** Models whose provider asked to be left alone for a while. */
export interface Cooldowns {
  /** Milliseconds that the model still wants to rest; 0 when it may be asked. */
  remainingMs(model: string): number;
  rest(model: string, ms: number): void;
}

// Without a Retry-After, and at most: a provider's mistake must not shut a model out for hours.
const DEFAULT_MS = 5_000;
const LONGEST_MS = 300_000;

export function createCooldowns(now: () => number): Cooldowns {
  // Keys are models of the catalogue, so the map stays small.
  const restingUntil = new Map<string, number>();
  return {
    remainingMs: (model) => Math.max(0, (restingUntil.get(model) ?? 0) - now()),
    rest(model, ms) {
      restingUntil.set(model, now() + Math.min(ms, LONGEST_MS));
    },
  };
}

export const DEFAULT_COOLDOWN_MS = DEFAULT_MS;
