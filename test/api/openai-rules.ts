import type { Refusal } from "../conformance/fake-provider.ts";

const fixed = ["temperature", "top_p", "presence_penalty", "frequency_penalty"];

/** What OpenAI's reference says that its models refuse, in its own words. */
// biome-ignore lint/suspicious/noExplicitAny: whatever was sent
export function openAiRefusal(body: any): Refusal | undefined {
  const name = String(body.model);
  const has = (parameter: string) => body[parameter] !== undefined;
  const isReasoning = /gpt-5\.[14]$/.test(name);
  const roles: readonly string[] = body.messages.map(({ role }: { role: string }) => role);
  if (isReasoning && has("max_tokens")) return unsupported("max_tokens");
  const refused = fixed.find((parameter) => isReasoning && has(parameter));
  if (refused !== undefined) return unsupported(refused);
  if (name.endsWith("gpt-5.1")) {
    const role = roles.findIndex((each) => each === "system" || each === "developer");
    if (role >= 0) return unsupportedValue(`messages[${role}].role`);
    const legacy = ["functions", "function_call", "tools"].find(has);
    if (legacy !== undefined) return unsupported(legacy);
    if (roles.includes("function")) return unsupportedValue("messages.role");
  }
  if (!isReasoning && has("reasoning_effort")) return unsupported("reasoning_effort");
  if (/(gpt-4\.1|deepseek-v3\.2)$/.test(name) && body.response_format?.type === "json_schema")
    return unsupportedValue("response_format");
  return undefined;
}

function unsupported(param: string): Refusal {
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return {
    status: 400,
    error: { message, type: "invalid_request_error", param, code: "unsupported_parameter" },
  };
}

function unsupportedValue(param: string): Refusal {
  const message = `Unsupported value: '${param}' does not support this with this model.`;
  return { status: 400, error: { message, type: "invalid_request_error", param, code: "unsupported_value" } };
}
