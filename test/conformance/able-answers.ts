import { completion, documentOf } from "./fake-surfaces.ts";

/** JSON Schema, as far as clients send it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** What a model that can do things answers: a value of the schema that was asked for, or a call of the first tool. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the client sent
export function ableAnswer(surface: string, body: any): object | undefined {
  const { model } = body;
  const tool = body.tools?.[0];
  const isAnswered = JSON.stringify(body.messages ?? body.input ?? "").match(
    /"(?:role":"tool|type":"tool_result|type":"function_call_output)"/,
  );
  const wantsTool = tool !== undefined && !isAnswered;
  if (surface === "/chat/completions") {
    const schema = body.response_format?.json_schema?.schema;
    if (wantsTool) {
      const { name, parameters } = tool.function;
      const call = { name, arguments: JSON.stringify(sampleOf(parameters)) };
      const message = { content: null, tool_calls: [{ id: "call_1", type: "function", function: call }] };
      return completion(model, message, "tool_calls");
    }
    if (schema) return completion(model, { content: JSON.stringify(sampleOf(schema)) }, "stop");
  }
  if (surface === "/responses") {
    const document = documentOf(surface, model) as { readonly output: readonly object[] };
    const schema = body.text?.format?.schema;
    if (wantsTool) {
      const call = {
        name: tool.name,
        arguments: JSON.stringify(sampleOf(tool.parameters)),
        call_id: "call_1",
      };
      return { ...document, output: [{ type: "function_call", id: "fc_1", status: "completed", ...call }] };
    }
    if (schema) return withText(document, JSON.stringify(sampleOf(schema)));
  }
  if (surface === "/messages") {
    const document = documentOf(surface, model);
    const schema = body.output_config?.format?.schema ?? body.output_format?.schema;
    if (wantsTool) {
      const call = { type: "tool_use", id: "toolu_1", name: tool.name, input: sampleOf(tool.input_schema) };
      return { ...document, content: [call], stop_reason: "tool_use" };
    }
    if (schema) return { ...document, content: [{ type: "text", text: JSON.stringify(sampleOf(schema)) }] };
  }
  return undefined;
}

function withText(document: object, text: string): object {
  const part = { type: "output_text", text, annotations: [] };
  const message = {
    id: "msg_fake",
    type: "message",
    role: "assistant",
    status: "completed",
    content: [part],
  };
  return { ...document, output: [message] };
}

/** Some value that the schema allows. */
function sampleOf(schema: Schema | undefined, root: Schema | undefined = schema): unknown {
  if (schema === undefined) return {};
  if (schema.$ref !== undefined) return sampleOf(root?.$defs?.[schema.$ref.replace(/^.*\//, "")], root);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0], root);
  const type = Array.isArray(schema.type) ? schema.type[0] : (schema.type ?? "object");
  switch (type) {
    case "string":
      return "Turku";
    case "integer":
    case "number":
      return 7;
    case "boolean":
      return true;
    case "array":
      return [sampleOf(schema.items, root)];
    case "null":
      return null;
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner, root)]),
      );
  }
}
