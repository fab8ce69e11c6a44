import { type ExactJson, parseExactJson } from "../../contract/exact-json.ts";
import { parseJson, parseTextWith } from "../../contract/parse.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Settings } from "../state/bindings.ts";
import type { BodyShare } from "./body-budget.ts";
import { excessOf } from "./json-excess.ts";

export type BodyCode =
  | "unsupported_media_type"
  | "body_too_large"
  | "body_timeout"
  | "overloaded"
  | "invalid_json"
  | "invalid_request";

// Tool definitions are the deepest that callers send, some dozen levels; 8 MB of brackets would take seconds to parse.
const MAX_DEPTH = 200;
// A conversation of 10,000 messages in parts has some 60,000. Each takes about 50 bytes of memory, so that 8 MB of empty
// arrays would take more than 100 MB.
const MAX_VALUES = 250_000;

type Limits = Pick<Settings, "maxBodyBytes" | "bodyTimeoutMs">;

/** Reads a JSON body: the right type, within the size limit, in time, and within what all bodies may take together. */
export async function readJsonBody(
  request: Request,
  limits: Limits,
  share: BodyShare,
): Promise<Result<unknown, BodyCode>> {
  const bytes = await readJsonBytes(request, limits, share);
  if (!bytes.ok) return bytes;
  const json = parseJson(bytes.value, "invalid_json");
  return json.ok && !isObject(json.value) ? notAnObject : json;
}

/** The same for a body that will be sent on. */
export async function readExactJsonBody(
  request: Request,
  limits: Limits,
  share: BodyShare,
): Promise<Result<ExactJson, BodyCode>> {
  const bytes = await readJsonBytes(request, limits, share);
  if (!bytes.ok) return bytes;
  const json = parseTextWith(parseExactJson, bytes.value, "invalid_json");
  if (!json.ok) return json;
  if (!isObject(json.value.value)) return notAnObject;
  // The exact form takes as much once more.
  const isTwofold = json.value.exact !== json.value.value && bytes.value.byteLength > UNCOUNTED_BYTES;
  return isTwofold && !share.take(bytes.value.byteLength) ? overloaded : json;
}

const notAnObject = fail("invalid_request", "the body must be a JSON object");
const overloaded = fail("overloaded", "too many large bodies at once; send it again");

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readJsonBytes(
  request: Request,
  limits: Limits,
  share: BodyShare,
): Promise<Result<Uint8Array, BodyCode>> {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !/^application\/[\w.-]+\+json$/.test(type)) {
    return fail(
      "unsupported_media_type",
      "send the body with `content-type: application/json`",
      "content-type",
    );
  }
  if (Number(request.headers.get("content-length") ?? 0) > limits.maxBodyBytes)
    return tooLarge(limits.maxBodyBytes);
  // Unpacked, a small body could be a huge one; the platform hands it over packed.
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") {
    return fail("unsupported_media_type", "send the body as it is, not compressed", "content-encoding");
  }
  const bytes = await readBytes(request, limits, share);
  if (!bytes.ok) return bytes;
  if (bytes.value.byteLength === 0) return fail("invalid_json", "the body is empty; send a JSON object");
  const excess = excessOf(bytes.value, { depth: MAX_DEPTH, values: MAX_VALUES });
  if (excess === "depth")
    return fail("invalid_json", `the body is nested more than ${MAX_DEPTH} levels deep`);
  if (excess === "values") return fail("invalid_json", `the body holds more than ${MAX_VALUES} values`);
  return bytes;
}

const FIRST_BUFFER_BYTES = 16 * 1024;
// Bodies up to this size are not counted, so that large ones never keep out an ordinary decision.
const UNCOUNTED_BYTES = 64 * 1024;

async function readBytes(
  { body }: Request,
  { maxBodyBytes, bodyTimeoutMs }: Pick<Settings, "maxBodyBytes" | "bodyTimeoutMs">,
  share: BodyShare,
): Promise<Result<Uint8Array, BodyCode>> {
  if (body === null) return ok(new Uint8Array());
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  // One buffer that doubles: kept one by one, chunks of a byte each would take a hundred times their length.
  let bytes = new Uint8Array(FIRST_BUFFER_BYTES);
  let length = 0;
  // Ends the read that is under way. A promise to race every read against would keep all of them until the end.
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void reader.cancel().catch(() => undefined);
  }, bodyTimeoutMs);
  try {
    for (;;) {
      const next = await reader.read().catch(() => undefined);
      if (late) return fail("body_timeout", `the body did not arrive within ${bodyTimeoutMs} ms`);
      // The caller went away; nobody reads this.
      if (next === undefined) return fail("invalid_json", "the body broke off");
      if (next.done) return ok(bytes.subarray(0, length));
      const needed = length + next.value.byteLength;
      if (needed > maxBodyBytes) {
        void reader.cancel().catch(() => undefined);
        return tooLarge(maxBodyBytes);
      }
      if (needed > UNCOUNTED_BYTES && !share.take(next.value.byteLength)) {
        void reader.cancel().catch(() => undefined);
        return overloaded;
      }
      if (needed > bytes.byteLength) bytes = enlarged(bytes, Math.max(needed, 2 * bytes.byteLength));
      bytes.set(next.value, length);
      length = needed;
    }
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBodyBytes: number) {
  return fail("body_too_large" as const, `the body is larger than ${maxBodyBytes} bytes`);
}

function enlarged(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
