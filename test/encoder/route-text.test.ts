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
      expect(routeText(transcript.slice(0, turns), "first")?.text).toBe(first);
    }
  });

  test("last: the user's latest words; a lone reminder is no turn", () => {
    expect(routeText(transcript, "last")?.text).toBe("Good. Add a test for the year 2000 too.");
    expect(routeText(transcript.slice(0, 6), "last")?.text).toMatch(/^The date parser/);
  });

  test("all: every user turn, nothing of system, assistant and tools", () => {
    expect(routeText(transcript, "all")?.text).toBe(
      "The date parser fails on leap years. Find out why and fix it.\n\nGood. Add a test for the year 2000 too.",
    );
  });

  test("tool calls and results demand tools; images demand vision", () => {
    expect(routeText(transcript, "first")?.capabilities).toEqual(["tools"]);
    expect(routeText(transcript.slice(0, 2), "first")?.capabilities).toEqual([]);
    expect(routeText(transcript.slice(0, 2), "first", [{ type: "function" }])?.capabilities).toEqual([
      "tools",
    ]);
    const seen: ChatMessage = { role: "user", content: [{ type: "image_url" }] };
    expect(routeText([...transcript, seen], "first")?.capabilities).toEqual(["vision", "tools"]);
    expect(routeText([seen], "first")).toEqual({ text: "", capabilities: ["vision"] });
  });

  test("tool results that come as user messages are not routed on", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: [{ type: "tool_result" }] },
      { role: "user", content: "Sort these names." },
    ];
    expect(routeText(messages, "first")).toEqual({ text: "Sort these names.", capabilities: ["tools"] });
  });

  test("nothing to route on", () => {
    expect(routeText([{ role: "system", content: "Be short." }], "first")).toBeUndefined();
    expect(routeText([{ role: "user", content: " " }], "first")).toBeUndefined();
  });
});

describe("harness blocks", () => {
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
    ["a <system-reminder>1</system-reminder>b<system-reminder>2</system-reminder> c", "a b c"],
    ["What does <system-reminder> mean in my log?", "What does <system-reminder> mean in my log?"],
    ["<b>bold</b> and <tasks>x</tasks>", "<b>bold</b> and <tasks>x</tasks>"],
    ["<system-reminder>only this</system-reminder>", "<system-reminder>only this</system-reminder>"],
  ])("%j -> %j", (content, text) => {
    expect(routeText([{ role: "user", content }], "first")?.text).toBe(text);
  });

  test("hostile texts take linear time", () => {
    const opened = "<system-reminder>".repeat(60_000);
    const start = process.cpuUsage();
    routeText([{ role: "user", content: opened }], "first");
    routeText([{ role: "user", content: `${opened}</system-reminder>` }], "first");
    routeText([{ role: "user", content: "<system-reminder ".repeat(60_000) }], "first");
    routeText([{ role: "user", content: `${"<task ".repeat(100_000)}</task>` }], "first");
    // A tenth of a second; in quadratic time it would be a minute. Of CPU, so that busy neighbors don't count.
    expect(process.cpuUsage(start).user).toBeLessThan(5e6);
  });
});

describe("input tokens", () => {
  test("four ASCII characters a token, other scripts denser, images flat, tools counted", () => {
    expect(estimateInputTokens([{ role: "user", content: "x".repeat(400) }])).toBe(104);
    expect(estimateInputTokens([{ role: "user", content: "字".repeat(150) }])).toBe(104);
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(100_000)}` } };
    expect(estimateInputTokens([{ role: "user", content: [image] }])).toBe(804);
    expect(estimateInputTokens([], [{ type: "function" }])).toBeGreaterThan(0);
  });
});
