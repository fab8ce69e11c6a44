// What the runtime does not undo by itself, because it knows only these names as they are written here.
const undoneByRuntime: ReadonlySet<string> = new Set(["gzip", "br"]);
const formats: Readonly<Record<string, CompressionFormat>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/**
 * The bytes of an answer without the coding of its connection; undefined where there is none that can be undone.
 * Compressed answers are not asked for, but some proxies send them anyhow.
 */
export function decodedBody(response: Response): ReadableStream<Uint8Array> | undefined {
  const { body, headers } = response;
  if (body === null) return undefined;
  const written = headers.get("content-encoding")?.trim() ?? "";
  const coding = written.toLowerCase();
  if (coding === "" || coding === "identity" || undoneByRuntime.has(written)) return body;
  const format = Object.hasOwn(formats, coding) ? formats[coding] : undefined;
  if (format === undefined) return undefined;
  return body.pipeThrough(new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>);
}
