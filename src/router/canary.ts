import type { Conversation } from "../contract/question.ts";
import { checksumOf } from "../encoder/files.ts";
import { userTurns } from "../encoder/route-text.ts";
import type { Serving } from "./serving.ts";

/** The state that decides this conversation: the canary's for its share of them, else the live one. */
export async function servingFor(serving: Serving, conversation: Conversation): Promise<Serving> {
  const { canary } = serving;
  if (canary === undefined || canary.percent === 0) return serving;
  const share = await shareOf(conversationKey(conversation), canary.serving.pointer.bundle);
  return share < canary.percent / 100 ? canary.serving : serving;
}

// The first user turn, whatever the request is routed on: the last one changes, and the conversation would flip.
function conversationKey({ session, said }: Conversation): string {
  return session ?? (typeof said === "string" ? said : (userTurns(said)[0] ?? ""));
}

/**
 * The draw of a conversation, uniform in [0, 1) and the same for all its turns: which model it is on is worked out from its
 * first ones again and again. Independent of what the canary gets.
 */
export function drawFor(conversation: Conversation, bundle: string): Promise<number> {
  return shareOf(conversationKey(conversation), `explore ${bundle}`);
}

/**
 * Where a conversation falls in [0, 1), evenly spread. The bundle's checksum is hashed along, so that every canary
 * meets other conversations; raising the percentage keeps those that were in.
 */
async function shareOf(key: string, bundle: string): Promise<number> {
  const digest = await checksumOf(new TextEncoder().encode(`${bundle}\n${key}`));
  return Number.parseInt(digest.slice(0, 13), 16) / 2 ** 52;
}
