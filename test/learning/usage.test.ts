import { expect, test } from "vitest";
import { readUsageAlong, type Usage } from "../../src/worker/providers/usage.ts";

const encoder = new TextEncoder();
const event = (document: object) => `data: ${JSON.stringify(document)}\n\n`;

const chatUsage = {
  prompt_tokens: 9,
  completion_tokens: 120,
  completion_tokens_details: { reasoning_tokens: 100 },
};
const chatStream =
  event({ choices: [{ delta: { content: 'she said "usage": 1 \u{1F600}' } }] }) +
  event({ choices: [{ delta: {}, finish_reason: "stop" }], usage: null }) +
  event({ choices: [], usage: chatUsage }) +
  "data: [DONE]\n\n";
const chatDocument = JSON.stringify(
  { usage: chatUsage, choices: [{ message: { content: '"usage"' } }] },
  null,
  2,
);
const ofResponses = { input_tokens: 9, output_tokens: 120, output_tokens_details: { reasoning_tokens: 100 } };
const responsesStream = `event: response.completed\n${event({ type: "response.completed", response: { usage: ofResponses } })}`;
const messagesStream =
  `event: message_start\n${event({ type: "message_start", message: { usage: { input_tokens: 9, output_tokens: 1 } } })}` +
  `event: message_delta\r\ndata: ${JSON.stringify({ type: "message_delta", usage: { output_tokens: 120 } })}`;

const cases: Readonly<Record<string, readonly [string, boolean, Usage | undefined]>> = {
  "chat, a stream": [chatStream, true, { input: 9, output: 120, reasoning: 100 }],
  "chat, a document": [chatDocument, false, { input: 9, output: 120, reasoning: 100 }],
  "responses, a stream": [responsesStream, true, { input: 9, output: 120, reasoning: 100 }],
  "responses, a document": [
    JSON.stringify({ id: "r", usage: ofResponses, user: null }),
    false,
    { input: 9, output: 120, reasoning: 100 },
  ],
  "messages, a stream without a last line end": [
    messagesStream,
    true,
    { input: 9, output: 120, reasoning: undefined },
  ],
  "a stream that does not say": [event({ choices: [{ delta: { content: "usage" } }] }), true, undefined],
  "a document that is none": ["<html>", false, undefined],
};

/** A source of the bytes in pieces of that size. */
function inPieces(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      if (start >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(start, start + size));
      start += size;
    },
  });
}

test.each(Object.entries(cases))(
  "%s: the bytes go by as they are, and are counted",
  async (_, [text, isStream, usage]) => {
    const bytes = encoder.encode(text);
    for (let size = 1; size <= bytes.length; size = size < 8 ? size + 1 : size * 2) {
      const ends: (Usage | undefined)[] = [];
      const along = readUsageAlong(inPieces(bytes, size), isStream, (end) => ends.push(end));
      expect(await new Response(along).text()).toBe(text);
      expect(ends).toEqual([usage]);
    }
  },
);

test("a reader who goes away ends it, and the source with it", async () => {
  const canceled: unknown[] = [];
  const ends: (Usage | undefined)[] = [];
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encoder.encode(chatStream)),
    cancel: (reason) => void canceled.push(reason),
  });
  const reader = readUsageAlong(source, true, (end) => ends.push(end)).getReader();
  await reader.read();
  await reader.cancel("gone");
  expect([canceled, ends]).toEqual([["gone"], [undefined]]);
});

test("a source that breaks off breaks off for the reader, and nothing is counted", async () => {
  const ends: (Usage | undefined)[] = [];
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("broken")),
  });
  const along = readUsageAlong(source, true, (end) => ends.push(end));
  await expect(new Response(along).text()).rejects.toThrow("broken");
  expect(ends).toEqual([undefined]);
});

test("what is longer than any answer is passed on and not kept", async () => {
  const long = inPieces(encoder.encode("x".repeat(3_000_000)), 65_536);
  const ends: (Usage | undefined)[] = [];
  const along = readUsageAlong(long, false, (end) => ends.push(end));
  expect((await new Response(along).arrayBuffer()).byteLength).toBe(3_000_000);
  expect(ends).toEqual([undefined]);
});
