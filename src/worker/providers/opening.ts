import { readUpstreamError, type UpstreamError } from "./upstream-error.ts";

/** How an answer with a good status begins. */
export type Opening =
  | { readonly kind: "content"; readonly form: "json" | "events" }
  /** An error in place of a completion. */
  | { readonly kind: "error"; readonly error: UpstreamError; readonly text: string }
  /** Nothing, white space, comments, a web page: no completion and no reason. */
  | { readonly kind: "nothing" };

/** Whether a JSON document is what was asked for, and no error. */
export type IsAnswer = (document: Readonly<Record<string, unknown>>) => boolean;

// An answer that goes on for longer without an error is one, and nothing is held back any more.
const LONGEST_OPENING_BYTES = 64 * 1024;

/** Judges bytes as they come: until the judgment is there, nothing of an answer was seen. */
export interface OpeningJudge {
  push(chunk: Uint8Array): Opening | undefined;
  end(): Opening;
}

export function createOpeningJudge(isAnswer: IsAnswer): OpeningJudge {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  let form: "unknown" | "json" | "events" = "unknown";
  const event = { name: "", data: [] as string[] };

  const judgeLine = (line: string): Opening | undefined => {
    if (line === "") {
      const { name, data } = event;
      const opening = data.length === 0 ? undefined : judgeEvent(name, data.join("\n"), isAnswer);
      event.name = "";
      event.data = [];
      return opening;
    }
    const [, field, value = ""] = /^(event|data)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") event.name = value;
    if (field === "data") event.data.push(value);
    return undefined;
  };

  const judgeLines = (): Opening | undefined => {
    // A carriage return at the end may be half of a line's end.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    text = lines.pop() as string;
    for (const line of lines) {
      const opening = judgeLine(line);
      if (opening !== undefined) return opening;
    }
    return undefined;
  };

  const judge = (): Opening | undefined => {
    if (form === "unknown") {
      text = text.trimStart();
      if (text === "") return undefined;
      const begun = formOf(text);
      if (begun === "neither") return { kind: "nothing" };
      if (begun === "unclear") return undefined;
      form = begun;
    }
    return form === "events" ? judgeLines() : undefined;
  };

  return {
    push(chunk) {
      bytes += chunk.length;
      text += decoder.decode(chunk, { stream: true });
      const opening = judge();
      if (opening !== undefined || bytes <= LONGEST_OPENING_BYTES) return opening;
      return { kind: "content", form: form === "json" ? "json" : "events" };
    },
    end() {
      text += decoder.decode();
      const opening = judge();
      if (opening !== undefined || form === "unknown") return opening ?? { kind: "nothing" };
      if (form === "json") return judgeDocument(text, isAnswer);
      // Some end their last event without an empty line.
      return judgeLine(text.replace(/\r$/, "")) ?? judgeLine("") ?? { kind: "nothing" };
    },
  };
}

const EVENT_FIELDS = ["data:", "event:", "id:", "retry:"];

function formOf(text: string): "json" | "events" | "neither" | "unclear" {
  if (text.startsWith("{") || text.startsWith("[")) return "json";
  if (text.startsWith(":") || EVENT_FIELDS.some((field) => text.startsWith(field))) return "events";
  return EVENT_FIELDS.some((field) => field.startsWith(text)) ? "unclear" : "neither";
}

function judgeEvent(name: string, data: string, isAnswer: IsAnswer): Opening | undefined {
  if (data.trim() === "[DONE]") return { kind: "nothing" };
  const document = parsed(data);
  if (!isObject(document)) return { kind: "nothing" };
  if (name === "ping" || document["type"] === "ping") return undefined;
  const isError = name === "error" || ["error", "response.failed"].includes(String(document["type"]));
  const error = isError || document["error"] ? readUpstreamError(document) : undefined;
  if (error !== undefined && (isError || !isAnswer(document))) {
    return { kind: "error", error, text: errorText(document, data) };
  }
  return { kind: "content", form: "events" };
}

function judgeDocument(text: string, isAnswer: IsAnswer): Opening {
  const document = parsed(text);
  if (isObject(document) && isAnswer(document)) return { kind: "content", form: "json" };
  const error = readUpstreamError(document);
  if (error === undefined) return { kind: "nothing" };
  return { kind: "error", error, text: isObject(document) ? errorText(document, text) : text };
}

/** The error as its provider wrote it; one that stands in a response that failed is taken out of it. */
function errorText({ error, response }: Readonly<Record<string, unknown>>, text: string): string {
  return !error && isObject(response) ? JSON.stringify({ error: response["error"] }) : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
