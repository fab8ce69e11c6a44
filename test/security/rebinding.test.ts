import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { request, sendRaw } from "./raw-http.ts";

// The variables of `npm start`: open to this machine, and to no web page that it looks at.
let worker: LocalWorker;
let port: string;

beforeAll(async () => {
  worker = await startTestWorker({
    providerUrl: "http://127.0.0.1:9",
    variables: { AUTH: "open", ALLOWED_HOSTS: "127.0.0.1,localhost,[::1]" },
  });
  ({ port } = new URL(worker.origin));
});

afterAll(() => worker?.stop());

const prompt = JSON.stringify({ prompt: "Hello" });
const post = (host: string) =>
  sendRaw(
    worker.origin,
    request("POST /v1/route", [`host: ${host}`, "content-type: application/json"], prompt),
  );

test("this machine's own names are answered", async () => {
  for (const host of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
    for (const name of [host, `${host}:${port}`]) expect((await post(name)).status, name).toBe(200);
  }
});

test.each([
  "rebound.example",
  "127.0.0.1.rebound.example",
  "localhost.rebound.example",
  "localhost.",
  "169.254.169.254",
  "0.0.0.0",
])("a page whose name is %s is not", async (host) => {
  for (const name of [host, `${host}:${port}`]) {
    const { status, body } = await post(name);
    expect([status, JSON.parse(body).error.code], name).toEqual([421, "wrong_host"]);
    for (const path of ["/health", "/v1/models"]) {
      const answer = await sendRaw(worker.origin, request(`GET ${path}`, [`host: ${name}`]));
      expect(answer.status).toBe(421);
    }
  }
});
