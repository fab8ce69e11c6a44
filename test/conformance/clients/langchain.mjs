import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import { check, key, question, url } from "./check.mjs";

const fields = { model: "auto", apiKey: key, maxRetries: 0, configuration: { baseURL: `${url}/v1` } };
const City = z.object({ city: z.string() });

for (const [name, model] of [
  ["chat", new ChatOpenAI({ ...fields, temperature: 0.2, maxTokens: 500 })],
  ["responses", new ChatOpenAI({ ...fields, useResponsesApi: true })],
]) {
  await check(`${name} invoke`, async () => (await model.invoke(question)).text.startsWith("Hello from"));
  await check(`${name} stream`, async () => {
    let text = "";
    for await (const chunk of await model.stream(question)) text += chunk.text;
    return text.includes("word4");
  });
  await check(`${name} structured output`, async () => {
    const structured = model.withStructuredOutput(City, { name: "city", method: "jsonSchema" });
    return (await structured.invoke(question)).city === "Turku";
  });
  await check(`${name} tools`, async () => {
    const weather = tool(async () => "sunny", { name: "weather", description: "The weather", schema: City });
    return (await model.bindTools([weather]).invoke(question)).tool_calls[0].args.city === "Turku";
  });
}
