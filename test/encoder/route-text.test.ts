import { describe, expect, test } from "vitest";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { type ChatMessage, routeText } from "../../src/encoder/route-text.ts";

// A coding agent's session as such tools really send it: reminders in user turns, tool results, a follow-up.
const transcript: readonly ChatMessage[] = [
  { role: "system", content: "You are a coding agent. Use tools." },
  {
    role: "user",
    content: [
      { type: "text", text: "<system-reminder>\nToday's date is 2025-11-02.\n</system-reminder>" },
      { type: "text", text: "The date parser fails on leap years. Find out why and fix it." },
    ],
  },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "1", function: { name: "read", arguments: "{}" } }],
  },
  { role: "tool", content: "export function parseDate(text) { ... }" },
  { role: "user", content: "<system-reminder>The todo list is empty.</system-reminder>" },
  { role: "assistant", content: "The month table lacks 29 February." },
  { role: "user", content: "Good. Add a test for the year 2000 too." },
];

describe("route text of an agent's transcript", () => {
  test("first: the task, without reminders, stays the same however long the session gets", () => {
    const first = "The date parser fails on leap years. Find out why and fix it.";
    for (let turns = 2; turns <= transcript.length; turns++) {
      expect(routeText(transcript.slice(0, turns), "first").text).toBe(first);
    }
  });

  test("last: the user's latest words; a lone reminder is no turn", () => {
    expect(routeText(transcript, "last").text).toBe("Good. Add a test for the year 2000 too.");
    expect(routeText(transcript.slice(0, 6), "last").text).toMatch(/^The date parser/);
  });

  test("all: every user turn, nothing of system, assistant and tools", () => {
    expect(routeText(transcript, "all").text).toBe(
      "The date parser fails on leap years. Find out why and fix it.\n\nGood. Add a test for the year 2000 too.",
    );
  });

  test("tool calls and results demand tools; images demand vision", () => {
    expect(routeText(transcript, "first").capabilities).toEqual(["tools"]);
    expect(routeText(transcript.slice(0, 2), "first").capabilities).toEqual([]);
    expect(routeText(transcript.slice(0, 2), "first", [{ type: "function" }]).capabilities).toEqual([
      "tools",
    ]);
    const seen: ChatMessage = { role: "user", content: [{ type: "image_url" }] };
    expect(routeText([...transcript, seen], "first").capabilities).toEqual(["vision", "tools"]);
    expect(routeText([seen], "first")).toEqual({ text: "", capabilities: ["vision"] });
  });

  test("tool results that come as user messages are not routed on", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: [{ type: "tool_result" }] },
      { role: "user", content: "Sort these names." },
    ];
    expect(routeText(messages, "first")).toEqual({ text: "Sort these names.", capabilities: ["tools"] });
  });

  test.each<[readonly ChatMessage[], string]>([
    [[{ role: "system", content: "Write a haiku about routers." }], "Write a haiku about routers."],
    [[{ role: "developer", content: "Write a haiku." }], "Write a haiku."],
    [[{ role: "assistant", content: "Once upon a time" }], "Once upon a time"],
    [
      [
        { role: "system", content: "Be short." },
        { role: "user", content: "" },
      ],
      "Be short.",
    ],
    [
      [
        { role: "system", content: "Sum up." },
        { role: "tool", content: "a long file" },
      ],
      "Sum up.",
    ],
    [[{ role: "user", content: null }], ""],
    [[{ role: "user", content: [] }], ""],
    [[{ role: "user", content: "\u00a0" }], ""],
    [[{ role: "user", content: [{ type: "file" }] }], ""],
    [[{ role: "user", content: [{ type: "input_audio" }] }], ""],
  ])("without a user's words, %j is routed on %j", (messages, text) => {
    for (const on of ["first", "last", "all"] as const) expect(routeText(messages, on).text).toBe(text);
  });
});

describe("a turn without substance", () => {
  const task = { role: "user", content: "Prove that there are infinitely many primes." };
  const answer = { role: "assistant", content: "Hello! How can I help?" };
  test.each([
    "hi",
    "Hello!",
    "test",
    "Hey there 👋",
    "Good morning",
    "你好",
    "👍",
    "?",
    "how are you?",
    "What’s up",
  ])("%j does not decide for the task that follows", (content) => {
    expect(routeText([{ role: "user", content }, answer, task], "first").text).toBe(task.content);
    // Alone it is all there is.
    expect(routeText([{ role: "user", content }], "first").text).toBe(content);
  });
  test.each([
    "hi, fix the parser",
    "test the parser",
    "2+2",
    "Hello world in Rust",
    "如何预防感冒？",
    "start x.service",
  ])("%j is a task", (content) => {
    expect(routeText([{ role: "user", content }, answer, task], "first").text).toBe(content);
  });
});

describe("harness blocks", () => {
  const lines = (...each: string[]) => each.join("\n");
  test.each([
    [
      "<environment_details>\ncwd: /home\n</environment_details>\n<task>\nRename the class\n</task>",
      "Rename the class",
    ],
    [
      "<user_query>\nWhy is it slow?\n</user_query>\n<attached_files>a.ts</attached_files>",
      "Why is it slow?",
    ],
    ['<additional_data kind="x">noise</additional_data> Hello', "Hello"],
    ["a\n<system-reminder>1</system-reminder>b\n<system-reminder>2</system-reminder> c", "a\nb\n c"],
    ["<SYSTEM-REMINDER>\n1\n</SYSTEM-REMINDER>\nSort it.", "Sort it."],
    ["<session_context>\nThis is the Gemini CLI.\n</session_context>\nSort it.", "Sort it."],
    ["<RUNTIME_INFORMATION>\nx\n</RUNTIME_INFORMATION>\nSort it.", "Sort it."],
    ["<new-diagnostics>x</new-diagnostics>\nSort it.", "Sort it."],
    ["<user-prompt-submit-hook>x</user-prompt-submit-hook>\nSort it.", "Sort it."],
    [
      "<context>\nfile a\n</context>\n<reminder>be good</reminder>\n<userRequest>\nSort it.\n</userRequest>",
      "Sort it.",
    ],
    ["<command-name>/fix</command-name>\n<command-args>the parser</command-args>", "the parser"],
  ])("%j -> %j", (content, text) => {
    expect(routeText([{ role: "user", content }], "first").text).toBe(text);
  });

  test.each([
    "# AGENTS.md instructions for /repo\n\n<INSTRUCTIONS>\nUse tabs.\n</INSTRUCTIONS>",
    "This is the Gemini CLI. We are setting up the context for our chat.\nToday's date is Monday.",
    "<environment_context>\n<cwd>/repo</cwd>\n</environment_context>",
    "<system-reminder>only this</system-reminder>",
  ])("a set-up turn is none: %j", (content) => {
    const task = { role: "user", content: "Sort the names." };
    expect(routeText([{ role: "user", content }, task], "first").text).toBe(task.content);
    expect(routeText([{ role: "user", content }], "first").text).toBe(content);
  });

  // What people write themselves in the same signs stays whole.
  test.each([
    "What does <system-reminder> mean in my log?",
    "a <system-reminder>1</system-reminder>b",
    "<b>bold</b> and <tasks>x</tasks>",
    lines("<task>Solve the problem below. Give only the answer.</task>", "<problem>2+2</problem>"),
    lines("<instructions>Answer in one word.</instructions>", "<problem>2+2</problem>"),
    lines("<INSTRUCTIONS>", "Answer in one word.", "</INSTRUCTIONS>", "2+2"),
    lines("<rules>", "Be short.", "</rules>", "<context>", "A long story.", "</context>", "Who did it?"),
    lines("Why does this not compile?", "```jsx", "<feedback>", "{v}", "</feedback>", "```"),
    lines("Explain:", "```", "<system-reminder>", "x", "</system-reminder>", "```", "Thanks."),
    lines("~~~", "<task>", "x", "</task>", "~~~"),
    lines("return (", "  <feedback>{v}</feedback>", ");"),
    lines("# AGENTS.md instructions", "How do I write them?", "<INSTRUCTIONS>", "x", "</INSTRUCTIONS>"),
  ])("stays as it is: %j", (content) => {
    expect(routeText([{ role: "user", content }], "first").text).toBe(content);
  });

  test("hostile texts take linear time", () => {
    const opened = "<system-reminder>".repeat(60_000);
    const start = process.cpuUsage();
    routeText([{ role: "user", content: opened }], "first");
    routeText([{ role: "user", content: `${opened}</system-reminder>` }], "first");
    routeText([{ role: "user", content: "<system-reminder ".repeat(60_000) }], "first");
    routeText([{ role: "user", content: `${"<task ".repeat(100_000)}</task>` }], "first");
    routeText([{ role: "user", content: `${"<task>\n".repeat(100_000)}</task>` }], "first");
    routeText([{ role: "user", content: `${"<rules>\n</task>\n".repeat(50_000)}` }], "first");
    routeText(
      [{ role: "user", content: `${"```\n# AGENTS.md instructions\n".repeat(40_000)}</task>` }],
      "first",
    );
    // A tenth of a second; in quadratic time it would be a minute. Of CPU, so that busy neighbors don't count.
    expect(process.cpuUsage(start).user).toBeLessThan(5e6);
  });
});

describe("input tokens", () => {
  const tokensOf = (content: ChatMessage["content"]) => estimateInputTokens([{ role: "user", content }]);
  // Counted once with o200k_base; the estimate is to be within a third.
  const log =
    "2026-11-30T19:00:01.123Z [worker-17] INFO  req=8f3a2b1c status=200 dur=12ms path=/api/v1/x?id=8812\n";
  const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  test.each([
    ["prose", "The quick answer is that every fact stands in one place only. ", 13],
    ["a log", log, 50],
    ["hexadecimal", digest, 42],
    ["a UUID", "123e4567-e89b-12d3-a456-426614174000 ", 19],
    ["numbers", "482913 77120 9 400321 ", 11],
    ["Chinese", "如何预防感冒？我们应该多喝水，注意休息。", 16],
    ["code", "if (fence === undefined) return pieces.filter(({ tag }) => tag !== name);\n", 18],
  ])("%s", (_, text, tokens) => {
    const estimate = (tokensOf(text.repeat(100)) - 4) / 100 / tokens;
    expect(estimate).toBeGreaterThan(2 / 3);
    expect(estimate).toBeLessThan(4 / 3);
  });

  test("images flat, files by the page, sound by its length, tools counted", () => {
    const data = (length: number) => "A".repeat(length);
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${data(100_000)}` } };
    expect(tokensOf([image])).toBe(804);
    const file = { type: "file", file: { filename: "a.pdf", file_data: data(600_000) } };
    expect(tokensOf([file])).toBe(7504);
    expect(tokensOf([{ type: "file", file: { file_id: "file-1" } } as ChatPartLike])).toBe(1504);
    const sound = { type: "input_audio", input_audio: { data: data(480_000), format: "mp3" } };
    expect(tokensOf([sound])).toBe(233);
    expect(estimateInputTokens([], [{ type: "function" }])).toBeGreaterThan(0);
  });
});

type ChatPartLike = { readonly type: string };
