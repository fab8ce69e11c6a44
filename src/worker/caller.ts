import type { KeyLimits } from "../contract/key-limits.ts";
import type { Failure } from "../core/result.ts";

/** Who asks, however the question came: over HTTP or by a service binding. */
export interface Caller {
  /** Name of the API key; undefined where access is open. */
  readonly keyName: string | undefined;
  /** The address that was asked, for what is recorded. */
  readonly address: string;
  /** What the key may ask for at most. */
  readonly limits: KeyLimits;
  /** An `Authorization` of the caller's own for providers; undefined where none was sent for them. */
  readonly authorization: string | undefined;
  /** Headers that a surface has and that go on to its provider. */
  readonly headers: Readonly<Record<string, string>>;
  /** Keeps work alive that outlasts the answer (`ctx.waitUntil`). */
  readonly keepAlive: (work: Promise<unknown>) => void;
  /** Spends the caller's limit on the prompts of one request beyond the first; the failure where it doesn't suffice. */
  readonly spend: (prompts: number) => Promise<Failure<LimiterCode> | undefined>;
}

export type LimiterCode = "rate_limited" | "limiter_unavailable";
