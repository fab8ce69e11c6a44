import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const LIMIT_MS = 120_000;

/**
 * Sends bytes as they are and reads the answer until the connection closes: `fetch` would put paths, headers and
 * lengths in order before they left. The bytes must say `connection: close`.
 */
export function sendRaw(origin: string, ...bytes: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(origin, () => {
      for (const part of bytes) socket.write(part);
    });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A refusal may come before everything was sent; what was read by then counts.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(parseAnswer(Buffer.concat(chunks).toString("utf8"))));
    socket.setTimeout(LIMIT_MS, () => {
      socket.destroy();
      reject(new Error(`no end of the answer within ${LIMIT_MS} ms`));
    });
  });
}

export function openSocket(origin: string, onConnect: () => void): Socket {
  const { hostname, port } = new URL(origin);
  return connect(Number(port), hostname, onConnect);
}

/** A request whose line and headers are written exactly so. */
export function request(line: string, headers: readonly string[] = [], body = ""): string {
  const length = body === "" ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  const own = headers.some((header) => /^host:/i.test(header)) ? [] : ["host: 127.0.0.1"];
  return [`${line} HTTP/1.1`, ...own, "connection: close", ...length, ...headers, "", body].join("\r\n");
}

/** A million chunks of one byte as the body of `POST /v1/route`; ends when the connection does. */
export function sendChunks(origin: string): Promise<void> {
  const block = Buffer.from("1\r\n \r\n".repeat(20_000));
  return new Promise((resolve) => {
    let sent = 0;
    const socket = openSocket(origin, () => {
      socket.write(
        request("POST /v1/route", ["content-type: application/json", "transfer-encoding: chunked"]),
      );
      const next = () => {
        if (sent++ === 50 || socket.destroyed) socket.destroy();
        else socket.write(block, () => setImmediate(next));
      };
      next();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...lines] = text.slice(0, end < 0 ? undefined : end).split("\r\n");
  const headers = lines.map((header) => {
    const colon = header.indexOf(":");
    return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()] as const;
  });
  const body = end < 0 ? "" : text.slice(end + 4);
  const isChunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  return {
    status: Number(line.split(" ")[1] ?? 0),
    headers: new Map(headers),
    body: isChunked ? joinChunks(body) : body,
  };
}

/** ASCII only: lengths are counted in characters. */
function joinChunks(text: string): string {
  let joined = "";
  for (let at = 0; at < text.length; ) {
    const lineEnd = text.indexOf("\r\n", at);
    const length = Number.parseInt(text.slice(at, lineEnd), 16);
    if (!(length > 0)) break;
    joined += text.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
  return joined;
}
