import { parseJson } from "../contract/parse.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { Settings } from "./bindings.ts";

export type BodyCode =
  | "unsupported_media_type"
  | "body_too_large"
  | "body_timeout"
  | "invalid_json"
  | "invalid_request";

/** Reads a JSON body: the right type, within the size limit and in time. */
export async function readJsonBody(
  request: Request,
  limits: Pick<Settings, "maxBodyBytes" | "bodyTimeoutMs">,
): Promise<Result<unknown, BodyCode>> {
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
  const bytes = await readBytes(request, limits);
  if (!bytes.ok) return bytes;
  if (bytes.value.byteLength === 0) return fail("invalid_json", "the body is empty; send a JSON object");
  const json = parseJson(bytes.value, "invalid_json");
  if (!json.ok || (typeof json.value === "object" && json.value !== null && !Array.isArray(json.value)))
    return json;
  return fail("invalid_request", "the body must be a JSON object");
}

async function readBytes(
  { body }: Request,
  { maxBodyBytes, bodyTimeoutMs }: Pick<Settings, "maxBodyBytes" | "bodyTimeoutMs">,
): Promise<Result<Uint8Array, BodyCode>> {
  if (body === null) return ok(new Uint8Array());
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, bodyTimeoutMs, "late");
  });
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "late") {
        void reader.cancel().catch(() => undefined);
        return fail("body_timeout", `the body did not arrive within ${bodyTimeoutMs} ms`);
      }
      if (next.done) return ok(join(chunks, length));
      length += next.value.byteLength;
      if (length > maxBodyBytes) {
        void reader.cancel().catch(() => undefined);
        return tooLarge(maxBodyBytes);
      }
      chunks.push(next.value);
    }
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBodyBytes: number) {
  return fail("body_too_large" as const, `the body is larger than ${maxBodyBytes} bytes`);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
