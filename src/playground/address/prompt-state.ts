import type { Conversation } from "../conversation/conversation.ts";
import type { Settings } from "../settings/settings.ts";

/** What the prompt view holds; kept above it so that another view does not lose it. */
export interface PromptState {
  readonly conversation: Conversation;
  readonly a: Settings;
  /** The second setting, where two are compared. */
  readonly b?: Settings;
}
