import type { SurfaceName } from "../../core/catalogue.ts";
import type { IsAnswer } from "./opening.ts";

interface Surface {
  /** Which of a provider's addresses it stands at. */
  readonly at: SurfaceName;
  readonly path: string;
  readonly isAnswer: IsAnswer;
}

/** What can be asked of a provider. */
export const surfaces = {
  chat: { at: "chat", path: "/chat/completions", isAnswer: ({ choices }) => isFilled(choices) },
  embeddings: { at: "chat", path: "/embeddings", isAnswer: ({ data }) => isFilled(data) },
  responses: {
    at: "responses",
    path: "/responses",
    // One that runs in the background has nothing to show yet.
    isAnswer: ({ id, error, status }) => typeof id === "string" && !error && status !== "failed",
  },
  messages: {
    at: "messages",
    path: "/messages",
    isAnswer: ({ type, content }) => type === "message" || Array.isArray(content),
  },
  countTokens: {
    at: "messages",
    path: "/messages/count_tokens",
    isAnswer: (document) => typeof document["input_tokens"] === "number",
  },
} as const satisfies Record<string, Surface>;

export type CallName = keyof typeof surfaces;

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}
