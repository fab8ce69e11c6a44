import type { ErrorCode } from "../contract/error.ts";
import type { Pointer } from "../contract/pointer.ts";
import type { TaskProfile } from "../contract/task-profile.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { Predictor } from "../core/predictor.ts";
import type { Result } from "../core/result.ts";
import type { Encoder } from "../encoder/encoder.ts";

/** What a decision is made with: parts that fit each other. */
export interface RouterParts {
  readonly encoder: Encoder;
  readonly predictor: Predictor;
  readonly catalogue: Catalogue;
  /** The profile of a named task; undefined where none is stored. */
  readonly taskProfile: (name: string) => Promise<Result<TaskProfile | undefined, ErrorCode>>;
}

/** The parts as they were published, with what is tried beside them. */
export interface Serving extends RouterParts {
  readonly role: "live" | "canary" | "shadow";
  /** Its `bundle` and `catalogue` are those of this state; in a canary's or shadow's, not the live ones. */
  readonly pointer: Pointer;
  /** Decides for a share of conversations. */
  readonly canary?: { readonly percent: number; readonly serving: Serving };
  /** Is scored beside, and never answers. */
  readonly shadow?: Serving;
}
