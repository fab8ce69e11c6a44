import { beforeAll, expect, test } from "vitest";
import { post, send } from "./client.ts";
import { putContent, putPointer, readModelFile, seed } from "./seed.ts";

beforeAll(async () => {
  const seeded = await seed();
  const catalogue = JSON.parse(new TextDecoder().decode(await readModelFile("default/catalogue.json")));
  // Every model of the bundled catalogue takes tools; here one does not.
  const untooled: Listed = catalogue.models["gpt-oss-20b"];
  const capabilities = untooled.capabilities.filter((capability) => capability !== "tools");
  catalogue.models["gpt-oss-20b"] = { ...untooled, capabilities };
  const bytes = new TextEncoder().encode(JSON.stringify(catalogue));
  await putPointer({ ...seeded, catalogue: await putContent("catalogue", bytes) });
});

interface Message {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: readonly object[];
  readonly tool_call_id?: string;
}

const call = (id: string, name: string, args: object): Message => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name, arguments: JSON.stringify(args) } }],
});
const result = (id: string, content: string): Message => ({ role: "tool", tool_call_id: id, content });
const tools = ["read_file", "edit_file", "run_tests"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { path: { type: "string" } } } },
}));

// Twelve turns of a coding agent, with the noise that such tools put around the work.
const transcript: readonly Message[] = [
  { role: "system", content: "You are a careful coding agent. Always run the tests." },
  {
    role: "user",
    content:
      "<system-reminder>Plan mode is off.</system-reminder>\nThe invoice total is wrong when a discount and a tax apply at once. Find the bug and fix it.",
  },
  call("1", "read_file", { path: "src/invoice.ts" }),
  result("1", "export function total(items, discount, tax) { return items.sum() * (1 + tax) - discount; }"),
  call("2", "read_file", { path: "test/invoice.test.ts" }),
  result("2", "expect(total([100], 10, 0.2)).toBe(108);"),
  { role: "assistant", content: "The discount must come off before the tax." },
  { role: "user", content: "<system-reminder>The todo list has one open item.</system-reminder>" },
  call("3", "edit_file", { path: "src/invoice.ts" }),
  result("3", "ok"),
  { role: "user", content: "Yes. Also write a haiku about invoices into the changelog." },
  call("4", "run_tests", {}),
  result("4", "12 passed\n".repeat(2000)),
];

test("a conversation stays on one model through twelve turns of tool noise", async () => {
  const models = new Set<string>();
  for (let turn = 2; turn <= transcript.length; turn++) {
    const { status, body } = await post("/v1/route", { messages: transcript.slice(0, turn), tools });
    expect(status).toBe(200);
    models.add(body.model);
  }
  expect(models.size).toBe(1);
});

test("routed on its last turn, it moves with the subject", async () => {
  const first = (await post("/v1/route", { messages: transcript, tools })).body;
  const last = (await post("/v1/route", { messages: transcript, tools, route_on: "last" })).body;
  expect(last.ranking).not.toEqual(first.ranking);
});

test("it moves when a later turn needs vision, tools or more context", async () => {
  const listed = (await send("/v1/models")).body.data.filter(({ routed }: { routed?: boolean }) => routed);
  const can = (capability: string) =>
    listed.filter((model: Listed) => model.capabilities.includes(capability)).map(({ id }: Listed) => id);
  const words: Message[] = [{ role: "user", content: "What is on this invoice?" }];
  const image: Message = {
    role: "user",
    content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }],
  };

  // Pools of one model without and one with the capability, so that a move can be told from staying.
  for (const [capability, later, fields] of [
    ["vision", [...words, image], {}],
    ["tools", [...words, call("1", "read_file", {}), result("1", "text")], {}],
    ["tools", words, { tools }],
  ] as const) {
    const able = can(capability);
    const unable = listed.find(({ id }: Listed) => !able.includes(id))?.id as string;
    const before = await post("/v1/route", { messages: words, models: [unable] });
    expect(before.body.model).toBe(unable);
    const after = await post("/v1/route", { messages: later, models: [unable, able[0]], ...fields });
    expect(after.body.model).toBe(able[0]);
  }

  const byContext = [...listed].sort((a: Listed, b: Listed) => a.context_tokens - b.context_tokens);
  const [small, large] = [byContext[0], byContext.at(-1)] as [Listed, Listed];
  const models = [small.id, large.id];
  const long = [...words, { role: "assistant", content: "word ".repeat(small.context_tokens) }];
  expect((await post("/v1/route", { messages: words, models: [small.id] })).body.model).toBe(small.id);
  expect((await post("/v1/route", { messages: long, models })).body.model).toBe(large.id);
});

interface Listed {
  readonly id: string;
  readonly capabilities: readonly string[];
  readonly context_tokens: number;
}
