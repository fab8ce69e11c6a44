import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { launchBrowser } from "../../playground/browser.ts";

/** The `openai` package bundled for a page of another origin: its own headers must pass CORS. */
export async function runInBrowser(where: {
  readonly folder: string;
  readonly origin: string;
  readonly key: string;
}): Promise<{ readonly passed: readonly string[]; readonly failed: readonly string[] }> {
  const { folder, origin, key } = where;
  const entry = join(folder, "page.mjs");
  await writeFile(
    entry,
    `import OpenAI from "openai";
const openai = new OpenAI({ baseURL: "${origin}/v1", apiKey: "${key}", dangerouslyAllowBrowser: true, maxRetries: 0 });
const messages = [{ role: "user", content: "Say hello in Finnish." }];
window.results = (async () => {
  const { data, response } = await openai.chat.completions.create({ model: "auto", messages }).withResponse();
  let text = "";
  for await (const chunk of await openai.chat.completions.create({ model: "auto", messages, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? "";
  }
  const listed = await openai.models.list();
  const { output_text } = await openai.responses.create({ model: "auto", input: "Hello" });
  return {
    chat: data.choices[0].message.content.startsWith("Hello from"),
    headers: response.headers.get("x-signalbox-model") !== null,
    stream: text.includes("word4"),
    responses: output_text.startsWith("Hello from"),
    "models.list": listed.data[0].id === "auto",
  };
})();`,
  );
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("window.results !== undefined");
    const results = (await page.evaluate("window.results")) as Record<string, boolean>;
    const names = Object.keys(results);
    return { passed: names.filter((name) => results[name]), failed: names.filter((name) => !results[name]) };
  } catch (error) {
    return { passed: [], failed: [String(error).split("\n", 1)[0] as string] };
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
