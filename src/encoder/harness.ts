/**
 * Blocks that coding agents and chat front ends put into user messages and that say nothing of what the user asks.
 * They are dropped with everything in them.
 */
const noiseTags: ReadonlySet<string> = new Set([
  "system-reminder",
  "system_reminder",
  "environment_details",
  "environment_context",
  "session_context",
  "user_instructions",
  "permissions_instructions",
  "user_info",
  "git_status",
  "project_layout",
  "additional_data",
  "attached_files",
  "open_and_recently_viewed_files",
  "ide_opened_file",
  "ide_selection",
  "ide_diagnostics",
  "new-diagnostics",
  "task-notification",
  "user-prompt-submit-hook",
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
  "RUNTIME_INFORMATION",
  "ADDITIONAL_METADATA",
]);

/** Wrappers around what the user really asks: the tags go, the text in them stays. */
const wrapperTags: ReadonlySet<string> = new Set([
  "user_query",
  "task",
  "userRequest",
  "command-args",
  "user_message",
  "feedback",
]);

/** Names that people use for their own XML as well: they are noise only beside a block that nobody but a tool writes. */
const ambiguousTags: ReadonlySet<string> = new Set(["rules", "context", "reminder"]);
const tellingWrappers: ReadonlySet<string> = new Set([
  "user_query",
  "userRequest",
  "command-args",
  "user_message",
]);

// The set-up turn of a tool that wraps it in nothing.
const SETUP_TURN = /^This is the Gemini CLI\. We are setting up the context for our chat\b/;
const AGENTS_HEADING = /^# AGENTS\.md instructions\b/;
/** The block under that heading. */
const AGENTS_TAG = "INSTRUCTIONS";

const knownTags: ReadonlySet<string> = new Set([...noiseTags, ...wrapperTags, ...ambiguousTags, AGENTS_TAG]);
// As they are written, and in capitals; more ways would let a text make the search for closing tags long.
const tagsByName: ReadonlyMap<string, string> = new Map(
  [...knownTags].flatMap((tag) => [
    [tag.toUpperCase(), tag],
    [tag, tag],
  ]),
);

/**
 * The user's own words in a user message. Only whole blocks that begin a line are dropped, and nothing in code: who asks
 * about `<system-reminder>` without closing it, or shows one, means the words. The time is linear in the text.
 */
export function stripHarness(text: string): string {
  if (SETUP_TURN.test(text.trimStart())) return "";
  if (!text.includes("</")) return text;
  const pieces = piecesOf(text);
  const isTool = pieces.some(({ tag }) => noiseTags.has(tag) || tellingWrappers.has(tag));
  const kept = pieces.filter(({ tag }) => !noiseTags.has(tag) && !(isTool && ambiguousTags.has(tag)));
  const wrapped = kept.filter(({ tag }) => wrapperTags.has(tag));
  const around = kept.filter(({ tag }) => !wrapperTags.has(tag));
  // A wrapper that isn't everything the message says is the user's own XML.
  if (wrapped.length > 0 && around.every(({ whole }) => whole.trim() === "")) {
    const inside = wrapped.map(({ inner }) => inner.trim()).filter((words) => words !== "");
    if (inside.length > 0) return inside.join("\n");
  }
  if (kept.length === pieces.length) return text;
  return kept
    .map(({ whole }) => whole)
    .join("")
    .trim();
}

/** A known block, or text between them, which has no tag. */
interface Piece {
  readonly tag: string;
  readonly whole: string;
  readonly inner: string;
}

const OPENING = /[ \t]*<([A-Za-z][\w-]*)(?:[ \t][^>\n]*)?>/y;
const FENCE = /[ \t]*(`{3,}|~{3,})/y;

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const lastCloses = new Map<string, number>();
  let plainStart = 0;
  let line = 0;
  let fence: string | undefined;
  // Set by a heading that announces a block of a name that is the user's elsewhere.
  let headingStart: number | undefined;
  const addPlain = (end: number) => {
    const whole = text.slice(plainStart, end);
    if (whole !== "") pieces.push({ tag: "", whole, inner: whole });
  };
  while (line < text.length) {
    const newline = text.indexOf("\n", line);
    const next = newline < 0 ? text.length : newline + 1;
    FENCE.lastIndex = line;
    const mark = FENCE.exec(text)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
    }
    const block = fence === undefined && mark === undefined ? blockAt(text, line, lastCloses) : undefined;
    const isAnnounced = headingStart !== undefined;
    if (block !== undefined && (block.tag !== AGENTS_TAG || isAnnounced)) {
      addPlain(block.tag === AGENTS_TAG ? (headingStart as number) : line);
      pieces.push(block.tag === AGENTS_TAG ? { ...block, tag: "user_instructions" } : block);
      plainStart = line + block.whole.length;
      line = plainStart;
      headingStart = undefined;
      // The rest of the line may open the next block.
      continue;
    }
    const words = text.slice(line, next);
    if (fence === undefined && AGENTS_HEADING.test(words)) headingStart = line;
    else if (words.trim() !== "") headingStart = undefined;
    line = next;
  }
  addPlain(text.length);
  return pieces;
}

/** The block that begins at a line's start, if it is closed. */
function blockAt(text: string, start: number, lastCloses: Map<string, number>): Piece | undefined {
  OPENING.lastIndex = start;
  const [opening, name] = OPENING.exec(text) ?? [];
  const tag = name === undefined ? undefined : tagsByName.get(name);
  if (opening === undefined || name === undefined || tag === undefined) return undefined;
  const close = `</${name}>`;
  // Looked for once a name, so that one that is opened a thousand times and never closed stays cheap.
  const last = lastCloses.get(name) ?? text.lastIndexOf(close);
  lastCloses.set(name, last);
  const innerStart = start + opening.length;
  if (last < innerStart) return undefined;
  const end = text.indexOf(close, innerStart);
  return {
    tag,
    whole: text.slice(start, end + close.length),
    inner: text.slice(innerStart, end),
  };
}
