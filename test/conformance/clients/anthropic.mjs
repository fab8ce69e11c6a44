import Anthropic from "@anthropic-ai/sdk";
import { check, key, messages, url } from "./check.mjs";

const body = { model: "claude-auto", max_tokens: 99, messages };
const input_schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

for (const [how, keys] of [
  ["x-api-key", { apiKey: key }],
  ["bearer", { authToken: key, apiKey: null }],
]) {
  const anthropic = new Anthropic({ baseURL: url, maxRetries: 0, ...keys });
  await check(`messages, ${how}`, async () =>
    (await anthropic.messages.create(body)).content[0].text.startsWith("Hello from"),
  );
}
const anthropic = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
await check("stream", async () => (await anthropic.messages.stream(body).finalText()).includes("word4"));
await check("tools", async () => {
  const { content } = await anthropic.messages.create({
    ...body,
    tools: [{ name: "weather", input_schema }],
  });
  return content[0].type === "tool_use" && content[0].input.city === "Turku";
});
await check("count_tokens", async () => {
  const { max_tokens: _, ...counted } = body;
  return (await anthropic.messages.countTokens(counted)).input_tokens === 42;
});
await check("errors", () =>
  anthropic.messages.create({ ...body, model: "claude-99" }).then(
    () => false,
    (error) => error instanceof Anthropic.NotFoundError && error.type === "not_found_error",
  ),
);
