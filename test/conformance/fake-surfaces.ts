const event = (data: { readonly type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Exactly what a stream of so many chunks consists of, on each surface but chat completions. */
export const streamsOf: Readonly<Record<string, (model: string, chunks: number) => string>> = {
  "/responses": (model, chunks) => {
    const at = { item_id: "msg_fake", output_index: 0, content_index: 0 };
    const text = Array.from({ length: chunks }, (_, k) => word(k)).join("");
    let sequence_number = 0;
    const numbered = (data: { readonly type: string }) =>
      event({ ...data, sequence_number: sequence_number++ } as never);
    const item = { id: "msg_fake", type: "message", role: "assistant", status: "in_progress", content: [] };
    const part = { type: "output_text", text: "", annotations: [] };
    return [
      numbered({
        type: "response.created",
        response: { ...response(model, ""), status: "in_progress", output: [] },
      } as never),
      numbered({ type: "response.output_item.added", output_index: 0, item } as never),
      numbered({ type: "response.content_part.added", ...at, part } as never),
      ...Array.from({ length: chunks }, (_, k) =>
        numbered({ type: "response.output_text.delta", ...at, delta: word(k), logprobs: [] } as never),
      ),
      numbered({ type: "response.output_text.done", ...at, text, logprobs: [] } as never),
      numbered({ type: "response.content_part.done", ...at, part: { ...part, text } } as never),
      numbered({
        type: "response.output_item.done",
        output_index: 0,
        item: response(model, text).output[0],
      } as never),
      numbered({ type: "response.completed", response: response(model, text) } as never),
    ].join("");
  },
  "/messages": (model, chunks) =>
    [
      event({
        type: "message_start",
        message: { ...message(model, ""), content: [], stop_reason: null },
      } as never),
      event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } } as never),
      event({ type: "ping" }),
      ...Array.from({ length: chunks }, (_, k) =>
        event({
          type: "content_block_delta",
          index: 0,
          delta: { type: "text_delta", text: word(k) },
        } as never),
      ),
      event({ type: "content_block_stop", index: 0 } as never),
      event({
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: 12 },
      } as never),
      event({ type: "message_stop" }),
    ].join(""),
};

const word = (k: number) => `word${k} 字🙂 `;

/** What is answered without a stream; undefined for chat completions. */
export function documentOf(path: string, model: string): object | undefined {
  const text = `Hello from ${model}`;
  if (path === "/responses") return response(model, text);
  if (path === "/messages") return message(model, text);
  if (path === "/messages/count_tokens") return { input_tokens: 42 };
  if (path === "/embeddings") {
    const data = [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }];
    return { object: "list", model, data, usage: { prompt_tokens: 3, total_tokens: 3 } };
  }
  return undefined;
}

function response(model: string, text: string) {
  const part = { type: "output_text", text, annotations: [] };
  return {
    id: "resp_fake",
    object: "response",
    created_at: 1,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model,
    output: [{ id: "msg_fake", type: "message", role: "assistant", status: "completed", content: [part] }],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    usage: {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 21,
    },
  };
}

function message(model: string, text: string) {
  return {
    id: "msg_fake",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 12 },
  };
}

/** A chat completion. */
export function completion(model: string, message: object, finish_reason: string): object {
  return {
    id: "chatcmpl-fake",
    object: "chat.completion",
    created: 1,
    model,
    choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason }],
    usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
  };
}
