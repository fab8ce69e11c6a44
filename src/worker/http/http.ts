import type { Context } from "hono";
import type { Permission } from "../../contract/api-key.ts";
import { type ErrorCode, errorBody, errorKinds } from "../../contract/error.ts";
import type { KeyLimits } from "../../contract/key-limits.ts";
import type { Failure } from "../../core/result.ts";
import type { Env } from "../state/bindings.ts";
import type { Isolate } from "../state/isolate.ts";
import type { BodyShare } from "./body-budget.ts";

/** Types of every Hono context in the Worker. */
export interface HttpEnv {
  Bindings: Env;
  /** `keyName` and what it allows are undefined where access is open. */
  Variables: {
    isolate: Isolate;
    keyName?: string;
    keyAllows?: ReadonlySet<Permission>;
    keyLimits?: KeyLimits;
    bodyShare: BodyShare;
  };
}

export type HttpContext = Context<HttpEnv>;

// Seconds after which a client does well to ask again.
const RETRY_AFTER_SECONDS: Partial<Record<number, string>> = { 429: "60", 503: "5" };

/** The error envelope with the status of its code. */
export function failureResponse(
  { code, message, param }: Failure<ErrorCode>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status } = errorKinds[code];
  const retryAfter = RETRY_AFTER_SECONDS[status];
  return Response.json(errorBody(code, message, param), {
    status,
    headers: { ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }), ...headers },
  });
}
