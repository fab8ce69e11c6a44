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

/** The error of an answer that isn't 2xx. */
export function errorOfAnswer(status: number, text: string): SignalboxError {
  const error = parseEnvelope(text);
  if (error === undefined) {
    return new SignalboxError("bad_response", `HTTP ${status} without an error envelope`, { status });
  }
  return new SignalboxError(error.code, error.message, { status, param: error.param });
}

function parseEnvelope(text: string): ErrorBody["error"] | undefined {
  try {
    const { error } = JSON.parse(text) as Partial<ErrorBody>;
    return typeof error?.code === "string" && typeof error.message === "string" ? error : undefined;
  } catch {
    return undefined;
  }
}
