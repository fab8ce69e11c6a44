/**
 * Blocks that coding agents and chat front ends put into user messages and that say nothing of what the user asks.
 * They are dropped with everything in them.
 */
const noiseTags = [
  "system-reminder",
  "system_reminder",
  "environment_details",
  "environment_context",
  "user_instructions",
  "permissions_instructions",
  "user_info",
  "git_status",
  "project_layout",
  "rules",
  "additional_data",
  "attached_files",
  "open_and_recently_viewed_files",
  "ide_opened_file",
  "ide_selection",
  "ide_diagnostics",
  "task-notification",
  "command-name",
  "command-message",
  "local-command-stdout",
  "local-command-stderr",
  "local-command-caveat",
  "bash-stdout",
  "bash-stderr",
  "function_results",
  "tool_result",
  "workspace_info",
  "editorContext",
  "reminderInstructions",
] as const;

/** Wrappers around what the user really asks: the tags go, the text in them stays. */
const wrapperTags = [
  "user_query",
  "task",
  "userRequest",
  "command-args",
  "user_message",
  "feedback",
] as const;

/**
 * The user's own words in a user message. Only complete blocks are dropped: who asks about `<system-reminder>`
 * without closing it means the words. The time is linear in the text.
 */
export function stripHarness(text: string): string {
  if (!text.includes("<")) return text;
  let stripped = text;
  for (const tag of noiseTags) stripped = dropBlocks(stripped, tag);
  for (const tag of wrapperTags) stripped = unwrap(stripped, tag);
  return stripped === text ? text : stripped.trim();
}

function dropBlocks(text: string, tag: string): string {
  const close = `</${tag}>`;
  const lastClose = text.lastIndexOf(close);
  if (lastClose < 0) return text;
  let kept = "";
  let position = 0;
  while (position <= lastClose) {
    const open = openingTag(text, tag, position);
    if (open === undefined || open.start > lastClose) break;
    const end = text.indexOf(close, open.end);
    if (end < 0) break;
    kept += text.slice(position, open.start);
    position = end + close.length;
  }
  return kept + text.slice(position);
}

function unwrap(text: string, tag: string): string {
  const close = `</${tag}>`;
  const end = text.lastIndexOf(close);
  const open = end < 0 ? undefined : openingTag(text, tag, 0);
  if (open === undefined || open.start > end) return text;
  // One wrapper a message: what stands around it is the harness speaking.
  const inside = text.slice(open.end, end).trim();
  return inside === "" ? text : inside;
}

/** `<tag>` or `<tag attribute="...">` at or after `from`. */
function openingTag(
  text: string,
  tag: string,
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  const prefix = `<${tag}`;
  let start = text.indexOf(prefix, from);
  while (start >= 0) {
    const after = text[start + prefix.length];
    if (after === ">") return { start, end: start + prefix.length + 1 };
    if (after === " " || after === "\n") {
      const end = text.indexOf(">", start);
      return end < 0 ? undefined : { start, end: end + 1 };
    }
    start = text.indexOf(prefix, start + prefix.length);
  }
  return undefined;
}
