import * as fc from "fast-check";
import { endpoints } from "../../src/contract/endpoints.ts";
import { prompt, type Step, step } from "./good-commands.ts";
import { ownAuthorization } from "./people.ts";
import { moods } from "./providers.ts";

// Small beside what good callers send: what is left of a full budget must not be enough for them.
const CHUNKS_PER_MEGABYTE = 20;
const CHUNK = new TextEncoder().encode("a".repeat(1_000_000 / CHUNKS_PER_MEGABYTE));
const MOST_UPLOADS = 6;

/** How a request of the hostile caller presents itself. */
const presenting = fc.constantFrom("key", "both", "own", "none", "wrong", "anothers-name", "doubled");

function headersFor(how: string, key: string, alices: string): Record<string, string> {
  switch (how) {
    case "none":
      return {};
    case "wrong":
      return { authorization: `Bearer ${key.slice(0, -1)}_` };
    case "anothers-name":
      return { authorization: `Bearer ${alices.slice(0, -3)}___` };
    case "own":
      return { "x-signalbox-key": key, authorization: ownAuthorization("mallory") };
    case "both":
      return { "x-signalbox-key": key, authorization: `Bearer ${key}` };
    case "doubled":
      return { authorization: `Bearer ${key}, Bearer ${key}` };
    default:
      return { authorization: `Bearer ${key}` };
  }
}

const completes = fc
  .record({
    mood: fc.constantFrom(...moods),
    how: fc.constantFrom("key", "key", "own", "both"),
    goesAway: fc.boolean(),
    body: fc.record(
      {
        model: fc.constantFrom(
          "auto",
          "small",
          "middle",
          "large",
          "guest-a",
          "guest-b",
          "two/large",
          "auto:spend=9",
        ),
        stream: fc.boolean(),
        max_tokens: fc.constantFrom(1, 50, 100, 101, 1e9),
        n: fc.constantFrom(1, 2, 3, 128),
        temperature: fc.constant(0),
        base_url: fc.constant("https://collector.evil.example"),
        api_key: fc.constant("mine"),
        models: fc.constant(["large"]),
        signalbox: fc.constantFrom(
          { max_usd: 1e-9 },
          { models: ["*"] },
          { exclude: ["*"] },
          { spend: 1 },
          { session: "x".repeat(200) },
        ),
      },
      { requiredKeys: ["model"] },
    ),
    text: prompt,
  })
  .map(({ mood, how, goesAway, body, text }) =>
    step(`mallory completes ${JSON.stringify({ mood, how, goesAway, body })}`, async (conversation) => {
      const { key = "" } = conversation.persons["alice"] ?? {};
      const user = `mood:${mood}#${conversation.asked}`;
      const messages = [{ role: "user", content: text }];
      conversation.attack(
        {
          path: "/v1/chat/completions",
          headers: headersFor(how, conversation.hostileKey, key),
          body: JSON.stringify({ ...body, user, messages }),
        },
        goesAway,
      );
      await conversation.main.clock.quiet();
    }),
  );

/** Everything that she can ask for meets the same mood: all models at all providers. */
const storms = fc.tuple(fc.constantFrom(...moods), fc.boolean()).map(([mood, own]) =>
  step(
    `mallory meets "${mood}" with every model${own ? ", on her own account" : ""}`,
    async (conversation) => {
      for (const model of [...conversation.main.published.models, "auto"]) {
        const user = `mood:${mood}#${conversation.asked}`;
        conversation.attack({
          path: "/v1/chat/completions",
          headers: headersFor(own ? "own" : "key", conversation.hostileKey, ""),
          body: JSON.stringify({ model, user, max_tokens: 50, messages: [{ role: "user", content: "Hi" }] }),
        });
        await conversation.main.clock.quiet();
      }
    },
  ),
);

const strangeBodies = fc.oneof(
  { weight: 3, arbitrary: fc.json({ maxDepth: 3 }) },
  fc.constantFrom(
    "",
    "{",
    "[".repeat(300),
    `{"messages":[${"0,".repeat(2_000)}0]}`,
    '{"__proto__":{"model":"large"},"prompt":"x"}',
    '{"prompt":"x","constructor":{"prototype":{"models":["large"]}}}',
    '{"prompt":"x","models":["*","**","no"],"exclude":["*"]}',
    '{"model":"small","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/"}}]}]}',
    '{"requests":[{"prompt":"a"},{"prompt":""},{}]}',
    '{"prompts":[{"prompt":"a","outcomes":{"small":1,"large":0}}]}',
    '{"model":"auto","messages":[{"role":"user","content":"x"}],"signalbox":{"task":"../active"}}',
    `{"prompt":"x","session":"${"s".repeat(300)}"}`,
  ),
);
const paths = fc.constantFrom(
  ...Object.values(endpoints).map(({ path }) => path),
  ...[
    "/v1/../health",
    "//v1/route",
    "/v1/route%2e",
    "/V1/route",
    "/v1/models/large",
    "/chat/completions",
    "/",
  ],
);

const strange = fc
  .record({ path: paths, how: presenting, body: strangeBodies, get: fc.boolean(), type: fc.boolean() })
  .map(({ path, how, body, get, type }) =>
    step(
      `mallory sends ${JSON.stringify({ path, how, get, body: body.slice(0, 80) })}`,
      async (conversation) => {
        const { key = "" } = conversation.persons["alice"] ?? {};
        conversation.attack({
          path,
          method: get ? "GET" : "POST",
          headers: {
            ...headersFor(how, conversation.hostileKey, key),
            ...(type ? {} : { "content-type": "text/plain" }),
            "x-forwarded-for": "127.0.0.1",
            "x-signalbox-model": "large",
            origin: "https://evil.example",
          },
          body,
        });
        await conversation.main.clock.quiet();
      },
    ),
  );

const scores = fc
  .record({
    whose: fc.constantFrom("alice", "bob", "mallory"),
    which: fc.nat(30),
    model: fc.constantFrom(undefined, "small", "middle", "large", "guest-a", "guest-b", "nobody"),
    change: fc.boolean(),
    comment: fc.constantFrom(undefined, "\ud800", "x".repeat(1000)),
  })
  .map(({ whose, which, model, change, comment }) =>
    step(`mallory scores a decision of ${whose} for ${model}`, async (conversation) => {
      const all = conversation.decisions[whose] ?? [];
      const id = all[which % Math.max(1, all.length)]?.main ?? "dec_";
      const decision = change ? `${id.slice(0, 40)}A${id.slice(41)}` : id;
      conversation.attack({
        path: "/v1/feedback",
        headers: headersFor("key", conversation.hostileKey, ""),
        body: JSON.stringify({ decision, score: 0, model, comment }),
      });
      await conversation.main.clock.quiet();
    }),
  );

/** Texts that nobody asked before, for the cache of embeddings and for her own limit. */
const floods = fc.integer({ min: 1, max: 32 }).map((count) =>
  step(`mallory floods with ${count} prompts`, async (conversation) => {
    const requests = Array.from({ length: count }, (_, k) => ({
      prompt: `flood ${conversation.asked} ${k}`,
    }));
    conversation.attack({
      path: "/v1/route/batch",
      headers: headersFor("key", conversation.hostileKey, ""),
      body: JSON.stringify({ requests }),
    });
    await conversation.main.clock.quiet();
  }),
);

const uploads = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 1, 1, 4))
  .map(([megabytes, count]) =>
    step(`mallory begins to upload ${count} times ${megabytes} MB, and stops`, async (conversation) => {
      for (let k = 0; k < count && conversation.uploads.length < MOST_UPLOADS; k++) {
        let left = megabytes * CHUNKS_PER_MEGABYTE;
        let own: ReadableStreamDefaultController<Uint8Array>;
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            own = controller;
            conversation.uploads.push(own);
            controller.enqueue(new TextEncoder().encode('{"prompt":"'));
          },
          pull: (controller) => {
            if (left-- > 0) controller.enqueue(CHUNK);
          },
          // The Worker reads no further.
          cancel: () => void conversation.uploads.splice(conversation.uploads.indexOf(own), 1),
        });
        const headers = headersFor("key", conversation.hostileKey, "");
        conversation.attack({ path: "/v1/route", headers, body });
        await conversation.main.clock.quiet();
      }
    }),
  );

const uploadsEnd = fc.constantFrom("finishes", "breaks off").map((how) =>
  step(`mallory ${how} an upload`, async (conversation) => {
    const controller = conversation.uploads.shift();
    try {
      if (how === "finishes") controller?.enqueue(new TextEncoder().encode('"}'));
      if (how === "finishes") controller?.close();
      else controller?.error(new Error("gone"));
    } catch {
      // The Worker has ended it meanwhile.
    }
    await conversation.main.clock.quiet();
  }),
);

export const hostileCommands: fc.Arbitrary<Step>[] = [
  ...[completes, completes, completes, completes, storms, strange, strange, strange],
  ...[scores, scores, floods, uploads, uploadsEnd],
];
