import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, Output, streamText, tool } from "ai";
import { z } from "zod";
import { check, key, question, url } from "./check.mjs";

const baseURL = `${url}/v1`;
const openai = createOpenAI({ baseURL, apiKey: key });
const compatible = createOpenAICompatible({
  name: "signalbox",
  baseURL,
  apiKey: key,
  supportsStructuredOutputs: true,
});
const anthropic = createAnthropic({ baseURL, apiKey: key });
const weather = tool({ description: "The weather", inputSchema: z.object({ city: z.string() }) });

for (const [name, model] of [
  ["openai (responses)", openai("auto")],
  ["openai (chat)", openai.chat("auto")],
  ["openai-compatible", compatible("auto")],
  ["anthropic", anthropic("claude-auto")],
]) {
  const asked = { model, prompt: question, maxRetries: 0 };
  await check(`${name} text`, async () => (await generateText(asked)).text.startsWith("Hello from"));
  await check(`${name} stream`, async () => {
    let text = "";
    for await (const part of streamText(asked).textStream) text += part;
    return text.includes("word4");
  });
  await check(`${name} object`, async () => {
    const output = Output.object({ schema: z.object({ city: z.string() }) });
    return (await generateText({ ...asked, output })).output.city === "Turku";
  });
  await check(`${name} tools`, async () => {
    const { toolCalls } = await generateText({ ...asked, tools: { weather } });
    return toolCalls[0].input.city === "Turku";
  });
}
