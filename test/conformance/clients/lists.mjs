import { check, key, url } from "./check.mjs";

// How two chat front ends ask which models there are, as far as we know them: neither is a library, and their sources were not read.
await check("Open WebUI: GET {base}/models, data[].id", async () => {
  // Its base URL is what a user types, with /v1 or without.
  for (const base of [`${url}/v1`, url]) {
    const response = await fetch(`${base}/models`, {
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    });
    const { data } = await response.json();
    // It shows `name` or `id`, and takes `owned_by` where it is there.
    if (!response.ok || !data.some(({ id }) => id === "auto")) return false;
  }
  return true;
});
await check("LibreChat: GET {baseURL}/models, data.map(id)", async () => {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  const input = await response.json();
  return input.data.map((item) => item.id).includes("auto");
});
await check("LibreChat: streamed chat with its title's options", async () => {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({
      ...{ model: "auto", user: "u", stream: true, stream_options: { include_usage: true } },
      ...{ temperature: 0.2, presence_penalty: 0, frequency_penalty: 0, max_tokens: 75 },
      messages: [{ role: "user", content: "A title for: hello" }],
    }),
  });
  return response.ok && (await response.text()).includes("word4");
});
