import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { check, key, messages, question, url } from "./check.mjs";

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const City = z.object({ city: z.string(), bridges: z.number() });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

await check("chat", async () => {
  const { choices } = await openai.chat.completions.create({ model: "auto", messages });
  return choices[0].message.content.startsWith("Hello from");
});
await check("stream", async () => {
  let text = "";
  for await (const chunk of await openai.chat.completions.create({ model: "auto", messages, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? "";
  }
  return text.includes("word4");
});
await check("parse", async () => {
  const response_format = zodResponseFormat(City, "city");
  const { choices } = await openai.chat.completions.parse({ model: "auto", messages, response_format });
  return choices[0].message.parsed.city === "Turku";
});
await check("tools", async () => {
  const tools = [{ type: "function", function: { name: "weather", parameters } }];
  const { choices } = await openai.chat.completions.create({ model: "auto", messages, tools });
  return JSON.parse(choices[0].message.tool_calls[0].function.arguments).city === "Turku";
});
await check("responses", async () => {
  const { output_text } = await openai.responses.create({ model: "auto", input: question });
  return output_text.startsWith("Hello from");
});
await check("responses stream", async () => {
  const stream = await openai.responses.stream({ model: "auto", input: question });
  return (await stream.finalResponse()).output_text.includes("word4");
});
await check("responses parse", async () => {
  const text = { format: zodTextFormat(City, "city") };
  return (await openai.responses.parse({ model: "auto", input: question, text })).output_parsed.bridges === 7;
});
await check("responses tools", async () => {
  const tools = [{ type: "function", name: "weather", parameters, strict: false }];
  const { output } = await openai.responses.create({ model: "auto", input: question, tools });
  return output[0].type === "function_call" && output[0].name === "weather";
});
await check("models.list", async () => (await openai.models.list()).data[0].id === "auto");
await check("models.retrieve", async () => (await openai.models.retrieve("auto")).object === "model");
await check("errors", async () => {
  const wrong = openai.chat.completions.create({ model: "gpt-99", messages });
  return wrong.then(
    () => false,
    (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found",
  );
});
