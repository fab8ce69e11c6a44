import type { ErrorBody, ErrorCode } from "../contract/error.ts";

/** Codes of the API, and what can go wrong on the way to it. */
export type SignalboxErrorCode = ErrorCode | "network_error" | "timeout" | "bad_response";

/** Every failed call throws this one; branch on `code`. */
export class SignalboxError extends Error {
  override readonly name = "SignalboxError";
  readonly code: SignalboxErrorCode;
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** The field that is wrong, by its path. */
  readonly param: string | undefined;

  constructor(
    code: SignalboxErrorCode,
    message: string,
    details: { readonly status?: number; readonly param?: string | null; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.param = details.param ?? undefined;
  }
}

/** The error in an answer that is none of what was asked for; `body` is undefined where it is no JSON. */
export function errorOfAnswer(status: number, body: unknown): SignalboxError {
  const error = (body as Partial<ErrorBody> | null | undefined)?.error;
  if (typeof error?.code !== "string" || typeof error.message !== "string") {
    const fault = body === undefined ? "that is not JSON" : "without an error envelope";
    return new SignalboxError("bad_response", `HTTP ${status} with an answer ${fault}`, { status });
  }
  return new SignalboxError(error.code, error.message, { status, param: error.param });
}
