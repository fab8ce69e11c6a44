import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { LearningDatabase } from "../../src/learning/ports.ts";
import { createDeployed } from "./deployed-stand-in.ts";

/**
 * What of Cloudflare's API the deployment of a Worker touches, as an account that begins empty. What is deployed runs for
 * real: the uploaded Worker in workerd, with the values, secrets and tables that it was given.
 */
export interface CloudflareStandIn {
  /** Where the deployed Worker answers. */
  readonly origin: string;
  /** For `wrangler` and `signalbox` alike. */
  readonly environment: Readonly<Record<string, string>>;
  readonly account: StandInAccount;
  /** Every request, as method and path below the account. */
  readonly asked: string[];
  /** What the next matching requests meet, in this order; answered as usual once they are used up. */
  fail(method: string, path: RegExp, ...faults: readonly Fault[]): void;
  stop(): Promise<void>;
}

export interface Fault {
  readonly status: number;
  readonly code?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request is carried out all the same, and only its answer is lost. */
  readonly isDone?: boolean;
}

interface StandInAccount {
  /** How long reads of KV show what was there before a write. */
  lagMs: number;
  /** Writes to KV that are acknowledged and lost. */
  lostWrites: number;
  readonly values: Map<
    string,
    { readonly bytes: Buffer; readonly before: Buffer | undefined; readonly at: number }
  >;
  readonly secrets: Map<string, string>;
  readonly deployments: string[];
  /** Runs SQL in the database, as the Worker sees it. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const API = "/client/v4";
const ACCOUNT = "acc0acc0acc0acc0acc0acc0acc0acc0";
const TOKEN = "stand-in-token";
const NAMESPACE = "0123456789abcdef0123456789abcdef";
const DATABASE = "01234567-89ab-4cde-8f01-23456789abcd";

export async function startCloudflareStandIn(): Promise<CloudflareStandIn> {
  const deployed = await createDeployed();
  const account: StandInAccount = {
    lagMs: 0,
    lostWrites: 0,
    values: new Map(),
    secrets: new Map(),
    deployments: [],
    query: (sql) => deployed.query(sql, []),
  };
  const made = new Set<string>();
  const asked: string[] = [];
  const faults: { readonly method: string; readonly path: RegExp; readonly queue: Fault[] }[] = [];

  const tails = new Set<Socket>();
  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) =>
      reply(response, 500, undefined, [{ code: 0, message: error.stack ?? "" }]),
    );
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.url?.startsWith(API) !== true) return serve(request, body, response);
    const url = new URL(request.url ?? "/", "http://stand-in");
    const path = decodeURIComponent(url.pathname).replace(`${API}/accounts/${ACCOUNT}`, "");
    const method = request.method ?? "GET";
    asked.push(`${method} ${path}`);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      return reply(response, 403, undefined, [{ code: 10000, message: "Authentication error" }]);
    }
    const fault = faults.find((each) => each.method === method && each.path.test(path))?.queue.shift();
    if (fault !== undefined) {
      if (fault.isDone) await answer(method, path, url.searchParams, body, request);
      const { status, code = 0, message = "on command", headers } = fault;
      return reply(response, status, undefined, [{ code, message }], headers);
    }
    const given = await answer(method, path, url.searchParams, body, request);
    if (given instanceof Uint8Array) response.writeHead(200).end(given);
    else if (given === undefined)
      reply(response, 404, undefined, [{ code: 7003, message: `nothing at ${path}` }]);
    else if (isRefusal(given)) reply(response, given.status, undefined, [given]);
    else reply(response, 200, given);
  }

  /** The deployed Worker's own address. */
  async function serve(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const headers = new Headers();
    for (const name of ["authorization", "content-type"]) {
      const value = request.headers[name];
      if (typeof value === "string") headers.set(name, value);
    }
    const init = { method, headers, ...(method === "GET" ? {} : { body: Uint8Array.from(body) }) };
    const begun = Date.now();
    const served = await deployed.fetch(url, init);
    if (served === undefined) return void response.writeHead(404).end();
    const { status } = served.response;
    response.writeHead(status, Object.fromEntries(served.response.headers));
    response.end(Buffer.from(await served.response.arrayBuffer()));
    const event = { request: { method, url: `${origin}${url}` }, response: { status } };
    const times = { cpuTime: served.cpuMs, wallTime: Date.now() - begun, eventTimestamp: begun };
    for (const tail of tails) {
      tail.write(textFrame(JSON.stringify({ outcome: "ok", scriptName: "signalbox", event, ...times })));
    }
  }

  async function answer(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Buffer,
    request: IncomingMessage,
  ): Promise<unknown> {
    const key = /^\/storage\/kv\/namespaces\/[^/]+\/values\/(.*)$/.exec(path)?.[1];
    if (key !== undefined) return value(method, key, body);
    switch (`${method} ${path}`) {
      case `GET ${API}/accounts`:
        return [{ id: ACCOUNT, name: "Acme" }];
      case "GET /workers/services/signalbox":
        return account.deployments.length === 0
          ? noWorker(10090)
          : {
              default_environment: { environment: "production", script: { last_deployed_from: "wrangler" } },
            };
      case "GET /workers/scripts/signalbox/settings":
        return account.deployments.length === 0 ? noWorker(10007) : { bindings: bindings() };
      case "GET /workers/scripts/signalbox/deployments":
        return account.deployments.length === 0
          ? noWorker(10007)
          : {
              deployments: [
                { id: "d", source: "wrangler", versions: [{ version_id: "v", percentage: 100 }] },
              ],
            };
      case "GET /workers/scripts/signalbox/secrets":
        return account.deployments.length === 0
          ? noWorker(10007)
          : [...account.secrets.keys()].map((name) => ({ name, type: "secret_text" }));
      case "PUT /workers/scripts/signalbox/secrets": {
        const { name, text } = JSON.parse(body.toString());
        account.secrets.set(name, text);
        await deployed.setSecret(name, text);
        return { name, type: "secret_text" };
      }
      case "GET /workers/workers/signalbox":
        return { id: "signalbox", subdomain: { enabled: true, previews_enabled: false } };
      case "GET /workers/subdomain":
        return { subdomain: "acme" };
      case "POST /workers/scripts/signalbox/assets-upload-session":
        return { jwt: "assets", buckets: [] };
      case "POST /workers/scripts/signalbox/versions":
        await deployed.upload(body, request.headers["content-type"] ?? "");
        account.deployments.push("v");
        return { id: "v", startup_time_ms: 12, resources: { script: { etag: "e" } } };
      case "PUT /workers/scripts/signalbox":
        await deployed.upload(body, request.headers["content-type"] ?? "");
        account.deployments.push("v");
        return { id: "signalbox", etag: "e", deployment_id: "d", startup_time_ms: 12 };
      case "DELETE /workers/scripts/signalbox/tails/t":
        for (const tail of tails) tail.end();
        return {};
      case "GET /workers/workers/signalbox/versions/v":
        return { id: "v", number: account.deployments.length, startup_time_ms: deployed.startupMs() };
      case "POST /workers/scripts/signalbox/tails":
        return { id: "t", url: `${origin.replace("http:", "ws:")}/tail`, expires_at: "2030-01-01T00:00:00Z" };
      case "GET /workers/scripts/signalbox/subdomain":
      case "POST /workers/scripts/signalbox/subdomain":
        return { enabled: true, previews_enabled: false };
      case "GET /storage/kv/namespaces":
        return made.has("kv") ? [{ id: NAMESPACE, title: "signalbox-signalbox" }] : [];
      case "POST /storage/kv/namespaces":
        made.add("kv");
        return { id: NAMESPACE, title: JSON.parse(body.toString()).title };
      case `GET /storage/kv/namespaces/${NAMESPACE}/keys`:
        return [...account.values.keys()]
          .filter((name) => name.startsWith(query.get("prefix") ?? ""))
          .map((name) => ({ name }));
      case "GET /d1/database":
        return made.has("d1") ? [{ uuid: DATABASE, name: "signalbox" }] : [];
      case "POST /d1/database":
        made.add("d1");
        return { uuid: DATABASE, name: "signalbox" };
      case "GET /d1/database/signalbox":
      case `GET /d1/database/${DATABASE}`:
        return made.has("d1")
          ? { uuid: DATABASE, name: "signalbox" }
          : { status: 404, code: 7404, message: "no such database" };
      case `POST /d1/database/${DATABASE}/query`:
        return runQuery(await deployed.database(), JSON.parse(body.toString()));
      default:
        // Observability, triggers and the like: the account takes them all.
        return method === "GET" ? undefined : {};
    }
  }

  async function value(method: string, key: string, body: Buffer): Promise<unknown> {
    const stored = account.values.get(key);
    if (method === "GET") {
      const lags = stored !== undefined && Date.now() < stored.at + account.lagMs;
      const seen = lags ? stored.before : stored?.bytes;
      return seen === undefined ? { status: 404, code: 10009, message: "key not found" } : seen;
    }
    if (method === "DELETE") {
      account.values.delete(key);
      await deployed.setValue(key, undefined);
    } else if (account.lostWrites > 0) account.lostWrites--;
    else {
      account.values.set(key, { bytes: body, before: stored?.bytes, at: Date.now() });
      await deployed.setValue(key, body);
    }
    return {};
  }

  function bindings(): readonly object[] {
    return [
      { type: "kv_namespace", name: "SIGNALBOX", namespace_id: NAMESPACE },
      { type: "d1", name: "DB", id: DATABASE },
    ];
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  server.on("upgrade", (request, socket: Socket) => {
    // RFC 6455; what the other side sends is not read.
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: trace-v1\r\nSec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
    );
    tails.add(socket);
    // Opcode 8 of a frame is the wish to end.
    socket.on("data", (data: Buffer) => (data[0] ?? 0) % 16 === 8 && socket.end());
    socket.on("error", () => undefined);
    socket.on("close", () => tails.delete(socket));
  });
  return {
    origin,
    environment: {
      CLOUDFLARE_API_BASE_URL: `${origin}${API}`,
      CLOUDFLARE_API_TOKEN: TOKEN,
      CI: "true",
    },
    account,
    asked,
    fail: (method, path, ...queue) => void faults.push({ method, path, queue: [...queue] }),
    async stop() {
      for (const tail of tails) tail.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await deployed.stop();
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

function isRefusal(given: unknown): given is Refusal {
  return typeof given === "object" && given !== null && "status" in given && "code" in given;
}

function noWorker(code: number): Refusal {
  return { status: 404, code, message: "This Worker does not exist on your account." };
}

interface Statement {
  readonly sql: string;
  readonly params?: readonly (string | number | null)[];
}

/** One text of less than 64 KiB, unmasked, as a server sends it. */
function textFrame(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = bytes.length < 126 ? [0x81, bytes.length] : [0x81, 126, bytes.length >> 8, bytes.length & 255];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** As D1 answers: an item for each statement, or the error of the first one that fails. Of a batch all are carried out or none. */
async function runQuery(
  database: LearningDatabase,
  query: Statement | { readonly batch: readonly Statement[] },
): Promise<unknown> {
  try {
    if ("batch" in query) {
      return await database.batch(
        query.batch.map(({ sql, params = [] }) => database.prepare(sql).bind(...params)),
      );
    }
    const answers: object[] = [];
    for (const statement of statementsOf(query.sql)) {
      answers.push(
        await database
          .prepare(statement)
          .bind(...(query.params ?? []))
          .all(),
      );
    }
    return answers;
  } catch (error) {
    return { status: 400, code: 7500, message: `${(error as Error).message}: SQLITE_ERROR` };
  }
}

/** Statements end with a semicolon at the end of a line, as in the migrations. */
function statementsOf(sql: string): readonly string[] {
  return sql
    .replaceAll(/^\s*--.*$/gm, "")
    .split(/;\s*(?:\n|$)|;\s+(?=DELETE|SELECT|INSERT)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function reply(
  response: ServerResponse,
  status: number,
  result: unknown,
  errors: readonly { readonly code: number; readonly message: string }[] = [],
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(
    JSON.stringify({ success: errors.length === 0, errors, messages: [], result: result ?? null }),
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
