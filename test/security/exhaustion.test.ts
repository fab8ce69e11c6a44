import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSocket, parseAnswer, request, sendChunks, sendRaw } from "./raw-http.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// What one caller may cost the others: time and memory, whatever is sent.
let worker: WatchedWorker;
const json = "content-type: application/json";
const MAX_BODY_BYTES = 8 * 1024 * 1024;
// Some .1 to 1.5 s on one core. A stage of quadratic time would need minutes, one of exponential time would never end.
const BOUNDED_MS = 60_000;

beforeAll(async () => {
  worker = await startWatchedWorker({
    variables: { AUTH: "open", BODY_TIMEOUT_MS: "10000", POINTER_REFRESH_MS: "30000" },
  });
  await post(JSON.stringify({ prompt: "warm up" }));
});

afterAll(async () => {
  await worker?.stop();
  await removeBuild();
});

async function post(body: string, path = "/v1/route") {
  const start = performance.now();
  const response = await fetch(worker.origin + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const answer = await response.json();
  return { status: response.status, answer, error: answer.error, ms: performance.now() - start };
}

/** How long others wait for a decision that is in the cache. */
async function othersWaitMs(): Promise<number> {
  const { status, ms } = await post(JSON.stringify({ prompt: "warm up" }));
  expect(status).toBe(200);
  return ms;
}

describe("deep JSON", () => {
  const nested = (levels: number, open: string, close: string) =>
    `{"prompt":"x","tools":[${open.repeat(levels)}1${close.repeat(levels)}]}`;

  test.each([
    ["arrays", 100_000, "[", "]"],
    ["objects", 100_000, '{"a":', "}"],
    // Parsing these takes over eight seconds.
    ["a whole body of brackets", 4_100_000, "[", "]"],
  ])("%s are refused at once", async (_, levels, open, close) => {
    const { status, error, ms } = await post(nested(levels, open, close));
    expect([status, error.code]).toEqual([400, "invalid_json"]);
    expect(error.message).toContain("200 levels");
    expect(ms).toBeLessThan(2000);
  });

  test("as deep as tools ever are is let through, and brackets in strings don't count", async () => {
    expect((await post(nested(150, '{"properties":', "}"))).status).toBe(200);
    const brackets = `${"[{".repeat(5000)}\\"\\\\${"[".repeat(5000)}`;
    expect((await post(JSON.stringify({ prompt: brackets }))).status).toBe(200);
    expect((await post(`{"prompt":"${"[".repeat(1000)}`)).error.code).toBe("invalid_json");
    expect((await post(`{"prompt":"a\\\\","tools":[${"[".repeat(300)}`)).error.message).toContain(
      "200 levels",
    );
  });
});

describe("compressed bodies", () => {
  test.each(["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip"])(
    "%s is refused, so that nothing is ever unpacked",
    async (encoding) => {
      const bomb = gzipSync(`{"prompt":"${"a".repeat(50_000_000)}"}`);
      const head = request("POST /v1/route", [
        json,
        `content-encoding: ${encoding}`,
        `content-length: ${bomb.length}`,
      ]);
      const { status, body } = await sendRaw(worker.origin, head, bomb);
      expect([status, JSON.parse(body).error.code, JSON.parse(body).error.param]).toEqual([
        415,
        "unsupported_media_type",
        "content-encoding",
      ]);
    },
  );
});

describe("long bodies", () => {
  test("of more values than memory has room for are refused", async () => {
    const { status, error } = await post(`{"prompt":"x","tools":[${"[],".repeat(260_000)}1]}`);
    expect([status, error.code]).toEqual([400, "invalid_json"]);
    expect(error.message).toContain("250000 values");
    expect((await post(`{"prompt":"x","tools":[${"[],".repeat(100_000)}1]}`)).status).toBe(200);
    const inStrings = JSON.stringify({ prompt: "x", tools: [",[{".repeat(300_000)] });
    expect((await post(inStrings)).status).toBe(200);
  });

  test("of wrong values are refused at the first of them", async () => {
    const before = await workerdMegabytes();
    const body = `{"messages":[${"0,".repeat(248_000)}0]}`;
    const answers = await Promise.all(Array.from({ length: 12 }, () => post(body)));
    for (const { status, error } of answers) {
      expect([status, error.code, error.param]).toEqual([400, "invalid_request", "messages.0"]);
    }
    // It took over 400 MB when every wrong value was described; now it is what the bodies themselves take.
    expect((await workerdMegabytes()) - before).toBeLessThan(150);
    await othersWaitMs();
  });

  test("above the limit they are refused, told or not told beforehand", async () => {
    const code = ({ status, body }: { status: number; body: string }) => [
      status,
      JSON.parse(body).error?.code,
    ];
    // The body itself is not waited for.
    const told = await sendRaw(worker.origin, request("POST /v1/route", [json, "content-length: 10000000"]));
    expect(code(told)).toEqual([413, "body_too_large"]);
    // One byte above, and no end.
    const head = request("POST /v1/route", [json, "transfer-encoding: chunked"]);
    const chunks = new Array(8).fill(`100000\r\n${" ".repeat(0x100000)}\r\n`);
    const untold = await sendRaw(worker.origin, head, ...chunks, "1\r\n \r\n");
    expect(code(untold)).toEqual([413, "body_too_large"]);
  });

  test("what no model takes is refused before it is embedded", async () => {
    const misses = async () => (await (await fetch(`${worker.origin}/health`)).json()).embedding_cache.misses;
    const before = await misses();
    const text = "x".repeat(7_000_000);
    for (const body of [{ prompt: text }, { messages: [{ role: "user", content: text }] }]) {
      const { status, error } = await post(JSON.stringify(body));
      expect([status, error.code, error.param]).toEqual([400, "context_too_long", "require.context_tokens"]);
    }
    expect(await misses()).toBe(before);
  });

  // Each of these nearly fills the body limit, and is the worst for one stage.
  test.each([
    ["one word", "a".repeat(8_000_000)],
    ["punctuation", "«".repeat(4_000_000)],
    ["syllables that decompose", "각".repeat(2_600_000)],
    ["marks on letters", "a\u0301".repeat(2_600_000)],
    ["unclosed harness tags", "<rules ".repeat(1_100_000)],
    ["opening tags that close far away", `${"<rules ".repeat(1_100_000)}></rules>`],
    ["white space", `x${" \u2003".repeat(1_900_000)}`],
    ["lone surrogates", "\\ud800".repeat(1_300_000)],
  ])("%s of 8 MB takes a bounded time", async (name, text) => {
    const content = name === "lone surrogates" ? `"${text}"` : JSON.stringify(text);
    const body = `{"messages":[{"role":"user","content":${content}}]}`;
    expect(Buffer.byteLength(body)).toBeLessThan(MAX_BODY_BYTES);
    const { status, ms } = await post(body);
    expect([200, 400]).toContain(status);
    expect(ms).toBeLessThan(BOUNDED_MS);
    await othersWaitMs();
  });
});

describe("long lists", () => {
  test.each([
    ["models", { models: new Array(257).fill("gpt-5.4") }, "models"],
    ["a long name", { models: ["a".repeat(201)] }, "models.0"],
    [
      "messages",
      { prompt: undefined, messages: new Array(10_001).fill({ role: "user", content: "a" }) },
      "messages",
    ],
    ["a session", { session: "a".repeat(201) }, "session"],
  ])("too many or too long: %s", async (_, fields, param) => {
    const { status, error } = await post(JSON.stringify({ prompt: "x", ...fields }));
    expect([status, error.code, error.param]).toEqual([400, "invalid_request", param]);
  });

  test("the longest batch with the longest lists is decided", async () => {
    const models = new Array(256).fill("*g*p*t*5*m*i*n*i*");
    const requests = new Array(32).fill({
      prompt: "warm up",
      models,
      exclude: new Array(256).fill("gpt-4*"),
    });
    const { status, answer, ms } = await post(JSON.stringify({ requests }), "/v1/route/batch");
    expect([status, answer.data.length, answer.data[31].model]).toEqual([200, 32, "gpt-5.4-mini"]);
    expect(ms).toBeLessThan(BOUNDED_MS);
    const tooMany = await post(JSON.stringify({ requests: [...requests, {}] }), "/v1/route/batch");
    expect([tooMany.status, tooMany.error.code]).toEqual([400, "invalid_request"]);
  });

  test("wildcards that would be exponential as a regular expression", async () => {
    const models = new Array(256).fill(`${"*o".repeat(99)}x*`);
    const { status, error, ms } = await post(JSON.stringify({ prompt: "warm up", models }));
    expect([status, error.code]).toEqual([400, "unknown_model"]);
    expect(ms).toBeLessThan(BOUNDED_MS);
  });

  test.each([
    ["empty arrays", `[],`, 2_700_000],
    ["small objects", `{"a":1},`, 1_000_000],
  ])("a body of %s takes a bounded time", async (_, item, count) => {
    const { ms } = await post(`{"prompt":"x","tools":[${item.repeat(count)}1]}`);
    expect(ms).toBeLessThan(BOUNDED_MS);
  });
});

describe("slow bodies", () => {
  test("two hundred that never end hold up nobody, and are ended", async () => {
    const answers: Promise<string>[] = [];
    const connected: Promise<void>[] = [];
    let closed = 0;
    for (let k = 0; k < 200; k++) {
      const opened = Promise.withResolvers<void>();
      connected.push(opened.promise);
      const ended = Promise.withResolvers<string>();
      answers.push(ended.promise);
      let read = "";
      let drip: ReturnType<typeof setInterval>;
      const socket = openSocket(worker.origin, () => {
        socket.write(request("POST /v1/route", [json, "content-length: 100000"]));
        drip = setInterval(() => socket.write(" "), 200);
        opened.resolve();
      });
      socket.on("data", (chunk) => {
        read += chunk;
        // The Worker has answered; what is still dripping in is of no interest to it.
        clearInterval(drip);
        socket.destroy();
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        clearInterval(drip);
        closed++;
        ended.resolve(read);
      });
    }
    await Promise.all(connected);
    // Others are decided before any of these has ended, and go on being decided.
    await othersWaitMs();
    expect(closed).toBe(0);
    for (let k = 0; k < 20; k++) await othersWaitMs();
    // A connection that still drips when its answer comes may be reset, and the answer is lost.
    const told = (await Promise.all(answers)).filter((text) => text !== "");
    expect(new Set(told.map((text) => parseAnswer(text).status))).toEqual(new Set([408]));
    expect(told.length).toBeGreaterThan(100);
  });

  test("a million chunks of one byte don't fill the memory", async () => {
    const before = await workerdMegabytes();
    await sendChunks(worker.origin);
    // It took over 500 MB when each chunk was kept.
    expect((await workerdMegabytes()) - before).toBeLessThan(250);
    await othersWaitMs();
  });
});

/** Resident memory of the workerd processes that this one started. */
async function workerdMegabytes(): Promise<number> {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,comm="]);
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const descendants = new Set([String(process.pid)]);
  for (let found = -1; found !== descendants.size; ) {
    found = descendants.size;
    for (const [pid, parent] of processes) if (descendants.has(parent ?? "")) descendants.add(pid as string);
  }
  let kilobytes = 0;
  for (const [pid, , command] of processes) {
    if (!descendants.has(pid ?? "") || command !== "workerd") continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    kilobytes = Math.max(kilobytes, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }
  if (kilobytes === 0) throw new Error("no workerd was found");
  return kilobytes / 1024;
}
