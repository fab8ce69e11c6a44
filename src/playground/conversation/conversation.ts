import type { RouteRequestInput } from "../../client/index.ts";

export const roles = ["user", "assistant", "system"] as const;
export type Role = (typeof roles)[number];

export interface Turn {
  readonly role: Role;
  readonly content: string;
}

/** What is routed on: one prompt, or a chat of several turns. */
export interface Conversation {
  readonly turns: readonly Turn[];
  readonly routeOn: "first" | "last" | "all";
  /** The model that the chat is on; empty where it is on none yet. */
  readonly currentModel: string;
}

export const routeOnChoices = {
  first: "First user turn: the chat stays on one model",
  last: "Last user turn",
  all: "All user turns",
} as const;

export function singlePrompt(content: string): Conversation {
  return { turns: [{ role: "user", content }], routeOn: "first", currentModel: "" };
}

/** Whether there is anything to route on. */
export function isAsked({ turns }: Conversation): boolean {
  return turns.some(({ role, content }) => role === "user" && content.trim() !== "");
}

/** A lone user turn is sent as `prompt`, anything longer as `messages`. */
export function toRequest({ turns, routeOn, currentModel }: Conversation): RouteRequestInput {
  const [only, second] = turns;
  const current = currentModel === "" ? {} : { current_model: currentModel };
  if (only !== undefined && second === undefined && only.role === "user") {
    return { prompt: only.content, ...current };
  }
  const messages = turns.filter(({ content }) => content.trim() !== "").map((turn) => ({ ...turn }));
  return { messages, route_on: routeOn, ...current };
}

/** Turns alternate: the next one is the other side's. */
export function nextRole({ turns }: Conversation): Role {
  return turns.at(-1)?.role === "user" ? "assistant" : "user";
}
