/** What a provider says went wrong. */
export interface UpstreamError {
  /** Codes, types and status words, in lower case. */
  readonly words: readonly string[];
  readonly message: string;
  /** An HTTP status, where the error itself has one: in a stream, that of the answer says nothing. */
  readonly status?: number;
}

/**
 * Reads a provider's error from the envelopes that are in use: OpenAI's, Anthropic's, Google's array of one, Mistral's
 * without `error`, FastAPI's `detail`, Cloudflare's `errors`; undefined where the document is no error.
 */
export function readUpstreamError(document: unknown): UpstreamError | undefined {
  const outer = Array.isArray(document) ? document[0] : document;
  if (!isObject(outer)) return undefined;
  const response = isObject(outer["response"]) ? outer["response"] : {};
  const [first] = Array.isArray(outer["errors"]) ? outer["errors"] : [];
  const error = outer["error"] || response["error"] || first || outer["detail"] || plainError(outer);
  if (!error) return undefined;
  const fields = isObject(error)
    ? error
    : { message: typeof error === "string" ? error : JSON.stringify(error) };
  const words = [fields["code"], fields["type"], fields["status"]]
    .filter((word) => typeof word === "string")
    .map((word) => word.toLowerCase());
  const status = [fields["code"], fields["status"]].map(Number).find((code) => code >= 400 && code < 600);
  const message = fields["message"];
  return {
    words,
    message: typeof message === "string" ? message : "",
    ...(status === undefined ? {} : { status }),
  };
}

/** `{"object": "error", "message": ...}` and `{"message": ..., "code": ...}`. */
function plainError(outer: Readonly<Record<string, unknown>>): unknown {
  return outer["object"] === "error" || outer["type"] === "error" || typeof outer["message"] === "string"
    ? outer
    : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
