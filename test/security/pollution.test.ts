import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { parsePointer } from "../../src/contract/pointer.ts";
import { parseTaskProfile, profileShift } from "../../src/contract/task-profile.ts";
import { request, sendRaw } from "./raw-http.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// `JSON.parse` makes plain fields of these names; merging or looking them up carelessly makes more of them.
const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "__defineGetter__",
];
const poison = (name: string) =>
  `"${name}":{"spend":0,"polluted":"yes","then":1,"toString":1,"posterior":9,"s1":0}`;

let worker: WatchedWorker;

beforeAll(async () => {
  worker = await startWatchedWorker({
    variables: { AUTH: "open", DECISION_SECRET: "0123456789abcdef0123456789abcdef" },
    // Operators' files are parsed by the same rules; these stand in the published one.
    catalogue: (document) => {
      const text = JSON.stringify(document);
      const model = JSON.stringify(document.models["gpt-5.4"]);
      return text.replace('"models":{', `"models":{"__proto__":${model},"constructor":${model},`);
    },
  });
});

afterAll(async () => {
  await worker?.stop();
  await removeBuild();
});

async function post(path: string, body: string) {
  const answer = await sendRaw(
    worker.origin,
    request(`POST ${path}`, ["content-type: application/json"], body),
  );
  return { status: answer.status, body: JSON.parse(answer.body) };
}

const plain = `{"prompt":"Hello"}`;
let alone: string;
beforeAll(async () => {
  alone = (await post("/v1/route", plain)).body.model;
});
/** The Worker decides as before, by its defaults. */
async function isUnharmed(): Promise<void> {
  const { status, body } = await post("/v1/route", plain);
  expect([status, body.model, body.polluted]).toEqual([200, alone, undefined]);
  expect(JSON.parse((await sendRaw(worker.origin, request("GET /health"))).body).status).toBe("ok");
}

describe.each(names)("%s", (name) => {
  test("as a field of any request is unknown or ignored, and changes nothing", async () => {
    for (const [path, body] of [
      ["/v1/route", `{"prompt":"Hello",${poison(name)}}`],
      ["/v1/route", `{"prompt":"Hello","require":{${poison(name)}}}`],
      ["/v1/route/batch", `{"requests":[{"prompt":"Hello",${poison(name)}}]}`],
      ["/v1/feedback", `{"decision":"x","score":1,${poison(name)}}`],
      [
        "/v1/chat/completions",
        `{"model":"auto","messages":[{"role":"user","content":"x"}],"signalbox":{${poison(name)}}}`,
      ],
    ] as const) {
      const { status, body: answer } = await post(path, body);
      expect([status, answer.error.code], path).toEqual([400, "invalid_request"]);
    }
    const messages = `[{"role":"user","content":[{"type":"text","text":"Hello",${poison(name)}}],${poison(name)}}]`;
    const loose = await post("/v1/route", `{"messages":${messages},"tools":[{${poison(name)}}]}`);
    expect(loose.status).toBe(200);
    await isUnharmed();
  });

  test("as a model, alias, wildcard, task or session means nothing", async () => {
    // A catalogue may call a model so; then the bundle still doesn't know it.
    for (const fields of [`"models":["${name}"]`, `"exclude":["${name}"]`, `"current_model":"${name}"`]) {
      const { status, body } = await post("/v1/route", `{"prompt":"Hello",${fields}}`);
      expect([status, body.error.code]).toEqual([400, "unknown_model"]);
    }
    expect((await post("/v1/route", `{"prompt":"Hello","task":"${name}"}`)).body.error.code).toBe(
      "unknown_task",
    );
    expect((await post("/v1/route", `{"prompt":"Hello","session":"${name}"}`)).body.model).toBe(alone);
    const outcomes = await post("/v1/route/task", `{"prompts":[{"prompt":"x","outcomes":{"${name}":1}}]}`);
    // The schema drops the first three before anyone looks them up.
    if (outcomes.status === 200) expect(outcomes.body.labelled).toBe(0);
    else expect(outcomes.body.error.code).toBe("unknown_model");
    for (const model of [name, `auto:${name}=1`]) {
      const chat = `{"model":"${model}","messages":[{"role":"user","content":"x"}]}`;
      expect([400, 404]).toContain((await post("/v1/chat/completions", chat)).status);
    }
    await isUnharmed();
  });

  test("in pointer, catalogue or task profile is dropped or refused", () => {
    const encode = (text: string) => new TextEncoder().encode(text);
    const sha = "a".repeat(64);
    const pointer = parsePointer(
      encode(
        `{"format_version":1,"bundle":"${sha}","catalogue":"${sha}","encoder":"${sha}","published_at":"x",${poison(name)},"previous":[]}`,
      ),
    );
    expect(pointer.ok && Object.keys(pointer.value)).not.toContain("polluted");
    expect(pointer.ok && Object.getPrototypeOf(pointer.value)).toBe(Object.prototype);
    const catalogue = parseCatalogue(
      encode(`{"format_version":1,"providers":{},"models":{},${poison(name)}}`),
    );
    expect(catalogue.ok).toBe(false);
    const scores = `"scores":{"a":{"s1":0.5,"s2":0.5,"posterior":0.6,"labels":1}}`;
    const profile = parseTaskProfile(
      encode(`{"format_version":1,"name":"t","bundle":"x","model":"a","prompts":1,"labelled":0,${scores}}`),
    );
    if (!profile.ok) throw new Error(profile.failure.message);
    // A model of that name without a score of its own isn't moved, least of all to NaN.
    expect(profileShift(profile.value, name)).toBe(0);
    expect(profileShift(profile.value, "a")).toBeCloseTo(0.1);
  });
});

test("no prototype was changed in this process either", () => {
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});
