import { expect, test } from "vitest";
import { bindings, parseBindings } from "../../src/worker/state/bindings.ts";
import { variables } from "../../src/worker/state/variables.ts";

const method = () => undefined;
const bound = Object.fromEntries(Object.values(bindings).map((one) => [one.name, { [one.method]: method }]));
const open = { ...bound, AUTH: "open" };

const wrongWords: Readonly<Record<string, string>> = {
  CORS_ORIGINS: "https://app.example app.example/page",
  DECISION_SECRET: `${"x".repeat(32)},too-short`,
};

test("without variables, everything is as the table says", () => {
  const settings = parseBindings(open);
  expect(settings).toMatchObject({
    ok: true,
    value: {
      access: { kind: "open" },
      encoderBackend: "onnx",
      corsOrigins: [],
      allowedHosts: [],
      passAuthorization: [],
      decisionSecrets: [],
      feedbackMaxAgeDays: 30,
      decisionLog: "none",
      logDecisions: false,
      maxBodyBytes: 8_388_608,
      maxAttempts: 3,
    },
  });
});

const names = Object.values(variables).map(({ name }) => name);

test.each(names)("%s may be empty, and is then as if it were left out", (name) => {
  const [left, empty] = [
    parseBindings(open),
    parseBindings({ ...open, ...(name === "AUTH" ? {} : { [name]: "" }) }),
  ];
  expect(JSON.stringify(empty)).toBe(JSON.stringify(left));
});

// Whatever words these take.
const anything = ["ALLOWED_HOSTS", "PASS_AUTHORIZATION"];

test.each(names.filter((name) => !anything.includes(name)))("%s with a wrong value is told", (name) => {
  const answer = parseBindings({ ...open, [name]: wrongWords[name] ?? "99999999999" });
  expect(answer).toMatchObject({ ok: false, failure: { code: "misconfigured", param: name } });
  if (!answer.ok) expect(answer.failure.message).not.toMatch(/too-short|app\.example\/page/);
});

test("SIGNALS gives known signals scores from 0 to 1", () => {
  expect(parseBindings({ ...open, SIGNALS: "accepted=1, edited=.6\ntool_call_failed=0" })).toMatchObject({
    value: { signals: { accepted: 1, edited: 0.6, tool_call_failed: 0 } },
  });
  for (const SIGNALS of [
    "accepted",
    "accepted=2",
    "smiled=1",
    "accepted=1 edited=x",
    "accepted=1=0",
    "edited=1 edited=0",
  ])
    expect(parseBindings({ ...open, SIGNALS }), SIGNALS).toMatchObject({ failure: { param: "SIGNALS" } });
});

test.each(Object.values(bindings))("$name of another kind is told", ({ name, table }) => {
  for (const value of ["text", null, {}]) {
    const answer = parseBindings({ ...open, [name]: value });
    expect(answer).toMatchObject({ ok: false, failure: { code: "misconfigured", param: name } });
    if (!answer.ok) expect(answer.failure.message).toContain(`[[${table}]]`);
  }
});

test("values that wrangler.toml gives as numbers and booleans count as their texts do", () => {
  const settings = parseBindings({
    ...open,
    MAX_ATTEMPTS: 5,
    LOG_DECISIONS: true,
    ALLOWED_HOSTS: "LocalHost, [::1]",
  });
  expect(settings).toMatchObject({
    ok: true,
    value: { maxAttempts: 5, logDecisions: true, allowedHosts: ["localhost", "[::1]"] },
  });
});

test("only the namespace must be bound, and d1 needs a database", () => {
  const { SIGNALBOX, ...others } = open as Readonly<Record<string, unknown>>;
  expect(parseBindings({ SIGNALBOX, AUTH: "open" }).ok).toBe(true);
  expect(parseBindings(others)).toMatchObject({ ok: false, failure: { param: "SIGNALBOX" } });
  expect(parseBindings({ SIGNALBOX, AUTH: "open", DECISION_LOG: "d1" })).toMatchObject({
    ok: false,
    failure: { param: "DB" },
  });
});

test("closed without keys unless it is opened on purpose", () => {
  expect(parseBindings(bound)).toMatchObject({ ok: false, failure: { param: "API_KEYS" } });
});
