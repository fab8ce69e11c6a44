import { afterAll, afterEach, beforeAll } from "vitest";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { type FaultWorker, startFaultWorker } from "../faults/fault-worker.ts";

// An `auto` request does not fail for a reason that another model, another provider or a renamed parameter would cure.
export let provider: FakeProvider;
export let worker: FaultWorker;
/** Models for the question, best first. */
export let ranking: readonly string[];

export const question = "How many positive divisors does 360 have?";
export const messages = [{ role: "user", content: question }];
const reasoning = {
  parameters: {
    rename: { max_tokens: "max_completion_tokens" },
    drop: ["temperature", "top_p", "presence_penalty", "frequency_penalty"],
  },
};
const accepts: Record<string, object> = {
  "gpt-5.4": reasoning,
  "gpt-5.1": {
    parameters: { ...reasoning.parameters, refuse: ["functions", "tools"] },
    roles: { rename: { system: "user", developer: "user" }, refuse: ["function"] },
  },
  "gpt-4.1": { parameters: { refuse: ["response_format.json_schema"] } },
  "deepseek-v3.2": { parameters: { refuse: ["response_format.json_schema"] } },
};

/** A Worker and a provider for the tests of a file. */
export function useAutoWorld(): void {
  beforeAll(async () => {
    provider = await startFakeProvider();
    worker = await startFaultWorker({
      providerUrl: provider.baseUrl,
      variables: { ATTEMPT_TIMEOUT_MS: "2000" },
      catalogue(document) {
        document.providers.other = { base_url: provider.baseUrl, key_name: "OTHER_PROVIDER_KEY" };
        for (const [id, model] of Object.entries<Record<string, unknown>>(document.models)) {
          if (id.startsWith("gpt") || id.startsWith("grok")) model["provider"] = "other";
          if (accepts[id] !== undefined) model["accepts"] = accepts[id];
          else model["accepts"] = { parameters: { drop: ["reasoning_effort"] } };
          delete model["variants"];
        }
        for (const id of ["gpt-4.1", "gpt-4.1-mini"]) document.models[id].max_output_tokens = 4096;
        document.models["llama-3.3-70b-instruct"].context_tokens = 8192;
        document.models["gpt-5.4"].variants = { low: { request: { reasoning_effort: "low" } } };
        return document;
      },
    });
    const response = await post("/v1/route", { messages });
    ranking = (await response.json()).ranking.map(({ model }: { model: string }) => model);
  });

  afterAll(async () => {
    await worker?.stop();
    await provider?.stop();
  });

  afterEach(async () => {
    provider.reset();
    // What rests has rested.
    await worker.jump(60_000);
  });
}

export function post(path: string, body: object): Promise<Response> {
  return fetch(`${worker.origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const chat = (fields: object = {}) =>
  post("/v1/chat/completions", { model: "auto", messages, ...fields });
export const asked = () => provider.seen.map(({ model }) => model.replace("fake/", ""));
export const only = (model: string) => ({ signalbox: { models: [model] } });
