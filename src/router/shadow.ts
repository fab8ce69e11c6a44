import type { DecisionRequest } from "../core/decide.ts";
import type { Decided } from "./decision.ts";
import { decideInSession, type Session } from "./session.ts";

/** What the shadow would have answered to the same request, from the same embedding. */
export interface ShadowDecision {
  readonly bundle: string;
  /** Undefined where it finds no candidate. */
  readonly model: string | undefined;
  readonly pCorrect: number | undefined;
  readonly expectedUsd: number | undefined;
}

/** Scores the shadow; undefined where none is loaded or the decision was made without it in reach. */
export function decideShadow({ serving, predictWith, session, usable }: Decided): ShadowDecision | undefined {
  const { shadow } = serving;
  if (shadow === undefined) return undefined;
  const { predictor, catalogue, pointer } = shadow;
  const decision = decideInSession(
    { predictor, catalogue: usable(catalogue), prediction: predictWith(shadow) },
    withoutDraw(session),
  );
  const { model, pCorrect, expectedUsd } = decision.ok
    ? decision.value
    : { model: undefined, pCorrect: undefined, expectedUsd: undefined };
  return { bundle: pointer.bundle, model, pCorrect, expectedUsd };
}

/** A shadow answers nobody, so that there is nothing to be learned from a draw. */
function withoutDraw({ turns, request, requestAt }: Session): Session {
  const without = ({ exploring: _, ...rest }: DecisionRequest): DecisionRequest => rest;
  return { turns, request: without(request), requestAt: (turn) => without(requestAt(turn)) };
}

/** Comparisons of one shadow bundle in this isolate. */
export interface ShadowTally {
  record(shadow: ShadowDecision, liveModel: string): void;
  counts(bundle: string): { readonly compared: number; readonly different: number };
}

/** Counts since the isolate began, for /health; the whole picture is in the analytics. */
export function createShadowTally(): ShadowTally {
  let bundle = "";
  let compared = 0;
  let different = 0;
  return {
    record(shadow, liveModel) {
      if (shadow.bundle !== bundle) {
        bundle = shadow.bundle;
        compared = 0;
        different = 0;
      }
      compared++;
      if (shadow.model !== liveModel) different++;
    },
    counts: (asked) => (asked === bundle ? { compared, different } : { compared: 0, different: 0 }),
  };
}
