import type { Health } from "../../contract/health.ts";

/** Parts of /health that a Worker shows only with the bindings for them. */
export interface Rollout {
  readonly canary?: { readonly bundle: string; readonly percent: number } | undefined;
  readonly shadow?: { readonly bundle: string } | undefined;
  /** Decisions by model. */
  readonly traffic?: Readonly<Record<string, number>> | undefined;
}

/** What /health says of them; what it doesn't know of is undefined. */
export function rolloutOf(health: Health): Rollout {
  const { canary, shadow, traffic } = health as Health & {
    readonly [Part in keyof Rollout]?: Rollout[Part] | null;
  };
  return { canary: canary ?? undefined, shadow: shadow ?? undefined, traffic: traffic ?? undefined };
}
