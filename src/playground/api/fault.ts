import type { SignalboxError } from "../../client/index.ts";

/** What went wrong with a call, sorted by what a person can do about it. */
export interface Fault {
  readonly kind: "key" | "rate_limit" | "offline" | "request" | "missing" | "server";
  /** A sentence, as the API said it where it said one. */
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly retryAfterSeconds?: number;
}

/** The fault behind an error of the client; `headers` are those of the answer, empty where none came. */
export function faultOf({ code, status, message, param }: SignalboxError, headers: Headers): Fault {
  if (status === undefined) {
    const why = code === "timeout" ? "it takes too long" : "the connection is down, or it is not running";
    return { kind: "offline", message: `No answer from the Worker: ${why}.` };
  }
  const seconds = Number(headers.get("retry-after"));
  return {
    kind: kindOf(status),
    message: sentence(message),
    code,
    ...(param === undefined ? {} : { param }),
    ...(seconds > 0 ? { retryAfterSeconds: seconds } : {}),
  };
}

function kindOf(status: number): Fault["kind"] {
  if (status === 401 || status === 403) return "key";
  if (status === 429) return "rate_limit";
  if (status === 404 || status === 405 || status === 501) return "missing";
  return status < 500 ? "request" : "server";
}

// The API's messages begin in lower case and end without a full stop, for logs.
function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
