import * as fc from "fast-check";
import type { Conversation } from "./conversation.ts";
import { promptWords } from "./conversation.ts";
import { type GoodCaller, goodCallers, ownAuthorization } from "./people.ts";

export type Step = fc.AsyncCommand<Conversation, Conversation>;

/** A command that can always be run, with its name for the counterexample. */
export function step(name: string, run: (conversation: Conversation) => Promise<void>): Step {
  return {
    check: () => true,
    async run(_, conversation) {
      await run(conversation);
      await conversation.check();
    },
    toString: () => name,
  };
}

const who = fc.constantFrom<GoodCaller[]>(...goodCallers);
export const prompt = fc
  .tuple(fc.constantFrom(...promptWords), fc.nat(8))
  .map(([word, number]) => `What of ${word} number ${number}?`);
const options = fc.constantFrom(
  {},
  { spend: 0 },
  { tolerance: 0.1 },
  { models: ["small", "guest-*"] },
  { exclude: ["large"] },
  { max_usd: 0.0005 },
  { task: "none" },
);

const routes = fc.tuple(who, prompt, options).map(([name, text, chosen]) =>
  step(`${name} routes ${JSON.stringify({ prompt: text, ...chosen })}`, async (conversation) => {
    const body = JSON.stringify({ prompt: text, ...chosen });
    await conversation.askAlike(name, () => ({ path: "/v1/route", body }));
  }),
);

/** With a picture, which takes memory of bodies and hardly any time. */
const sends = fc.tuple(who, fc.constantFrom(70_000, 250_000, 1_500_000)).map(([name, bytes]) =>
  step(`${name} sends ${bytes} bytes`, async (conversation) => {
    const url = `data:image/png;base64,${"A".repeat(bytes)}`;
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url } },
    ];
    const body = JSON.stringify({ messages: [{ role: "user", content }] });
    const { status, text } = await conversation.askAlike(name, () => ({ path: "/v1/route", body }));
    if (status === 503 && text.includes("overloaded"))
      throw new Error(`${name} is kept out by others' bodies`);
  }),
);

const model = fc.constantFrom("auto", "auto:spend=0.5", "small", "middle", "large", "guest-a", "guest-b");
const completes = fc
  .record({ name: who, model, prompt, stream: fc.boolean(), own: fc.boolean(), long: fc.boolean() })
  .map((wanted) =>
    step(`${wanted.name} completes ${JSON.stringify(wanted)}`, async (conversation) => {
      const { name, own, long, stream } = wanted;
      const user = `${name}#${conversation.main.requests}`;
      const messages = [{ role: "user", content: wanted.prompt }];
      const body = { model: wanted.model, user, messages, stream, max_tokens: long ? 5_000 : 50 };
      const headers = own
        ? {
            "x-signalbox-key": conversation.persons[name]?.key as string,
            authorization: ownAuthorization(name),
          }
        : {};
      const outcome = await conversation.askAlike(name, () => ({
        path: "/v1/chat/completions",
        body: JSON.stringify(body),
        headers,
      }));
      const greeted = /Hello (\S+) from/.exec(outcome.text)?.[1];
      if (greeted !== undefined && greeted !== user) throw new Error(`${user} got the answer to ${greeted}`);
    }),
  );

const feedback = fc
  .tuple(who, fc.nat(30), fc.constantFrom(0, 0.5, 1), fc.constantFrom(undefined, "small", "large"))
  .map(([name, which, score, scored]) =>
    step(`${name} scores decision ${which} with ${score}`, async (conversation) => {
      const own = conversation.decisions[name] ?? [];
      const decision = own[which % Math.max(1, own.length)];
      if (decision === undefined) return;
      await conversation.askAlike(name, (world) => ({
        path: "/v1/feedback",
        body: JSON.stringify({ decision: decision[world], score, model: scored }),
      }));
    }),
  );

const batches = fc.tuple(who, fc.array(prompt, { minLength: 1, maxLength: 4 })).map(([name, prompts]) =>
  step(`${name} routes ${prompts.length} at once`, async (conversation) => {
    const body = JSON.stringify({ requests: prompts.map((text) => ({ prompt: text })) });
    await conversation.askAlike(name, () => ({ path: "/v1/route/batch", body }));
  }),
);

const models = who.map((name) =>
  step(`${name} lists the models`, async (conversation) => {
    await conversation.askAlike(name, () => ({ path: "/v1/models", method: "GET" }));
  }),
);

export const goodCommands: fc.Arbitrary<Step>[] = [
  routes,
  routes,
  completes,
  completes,
  completes,
  feedback,
  batches,
  models,
  sends,
];
