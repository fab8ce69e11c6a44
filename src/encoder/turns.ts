import type { Capability } from "../core/catalogue.ts";
import { messageTokens } from "./input-tokens.ts";
import { type ChatMessage, requiredCapabilities, saysSomething } from "./route-text.ts";

/** One request of a conversation, as it was when it was made: everything up to an answer. */
export interface Turn {
  /** Whether the user said something in it; results of tools and reminders that tools write are no user's words. */
  readonly isUsers: boolean;
  /** How many times with it a row of tool results that failed was full. */
  readonly failures: number;
  /** Estimated tokens of all messages up to it. */
  readonly tokens: number;
  /** What all messages up to it demand of a model. */
  readonly capabilities: readonly Capability[];
}

/** Tool results in a row that must have failed before it counts: one or two are an agent's daily bread. */
const FAILURES_IN_A_ROW = 3;

/** The requests that a conversation consists of, the first one first. */
export function turnsOf(messages: readonly ChatMessage[]): readonly Turn[] {
  const turns: Turn[] = [];
  const capabilities = new Set<Capability>();
  let tokens = 0;
  let failedInRow = 0;
  let isUsers = false;
  let failures = 0;
  for (const [k, message] of messages.entries()) {
    tokens += messageTokens(message);
    for (const capability of requiredCapabilities([message], [])) capabilities.add(capability);
    if (message.role === "assistant") continue;
    isUsers ||= saysSomething(message);
    for (const failed of resultsOf(message)) {
      failedInRow = failed ? failedInRow + 1 : 0;
      if (failedInRow > 0 && failedInRow % FAILURES_IN_A_ROW === 0) failures++;
    }
    const next = messages[k + 1];
    if (next !== undefined && next.role !== "assistant") continue;
    turns.push({ isUsers, failures, tokens: Math.ceil(tokens), capabilities: [...capabilities] });
    isUsers = false;
    failures = 0;
  }
  return turns;
}

const resultTypes: ReadonlySet<string> = new Set(["tool_result", "function_call_output"]);

/** For each tool result of the message, whether it failed. */
function resultsOf({ role, content }: ChatMessage): readonly boolean[] {
  const parts = typeof content === "string" ? [] : (content ?? []);
  const results = parts.filter(({ type }) => resultTypes.has(type));
  if (results.length > 0) {
    return results.map(({ text, is_error }) => is_error === true || tellsOfFailure(text ?? ""));
  }
  if (role !== "tool" && role !== "function") return [];
  const text = typeof content === "string" ? content : parts.map((part) => part.text ?? "").join("\n");
  return [tellsOfFailure(text)];
}

// How tools begin or end what they print when they failed; what a file says in its middle is no failure.
const BEGINNING = /^\s*(?:error|fatal|exception|traceback|failed|failure)\b[^\n]{0,60}[:(]/i;
const EXIT_CODE =
  /\bexit(?:ed)?(?: with)?(?: code| status)?(?: is)?"?[:=]? ?[1-9]\d*\b|"?exit_code"?[:=] ?[1-9]/i;
const LOOKED_AT = 300;

function tellsOfFailure(text: string): boolean {
  const ends = text.slice(0, LOOKED_AT) + (text.length > LOOKED_AT ? `\n${text.slice(-LOOKED_AT)}` : "");
  return BEGINNING.test(ends) || EXIT_CODE.test(ends);
}
