import { expect, test } from "vitest";
import { promptText } from "../../src/importers/chat-prompt.ts";
import { parseJson } from "../../src/importers/parse-json.ts";
import { parsePythonList } from "../../src/importers/python-list.ts";

test.each([
  ["['four']", ["four"]],
  [`['a', "it's"]`, ["a", "it's"]],
  [`['it\\'s "so"\\n\\x41\\u00e9\\U0001f642\\\\']`, ['it\'s "so"\nAé🙂\\']],
  ["[]", []],
  ["[1, 2]", undefined],
  ["['open]", undefined],
  ["plain text", undefined],
  ["['a' 'b']", undefined],
])("the Python list %j", (text, items) => {
  expect(parsePythonList(text)).toEqual(items);
});

test("JSON with Python's NaN and Infinity, which strings may hold too", () => {
  expect(parseJson('{"a": NaN, "b": -Infinity, "c": "NaN \\" Infinity", "d": [NaN,1]}')).toEqual({
    a: null,
    b: null,
    c: 'NaN " Infinity',
    d: [null, 1],
  });
  expect(() => parseJson('{"a": NaN,}')).toThrow(SyntaxError);
});

test.each([
  ["text", "text"],
  ["", undefined],
  [
    [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ],
    "Hi",
  ],
  [
    [
      { role: "user", content: "1 + 1?" },
      { role: "assistant", content: "2" },
      { role: "user", content: "2 + 2?" },
    ],
    "2 + 2?",
  ],
  ['[{"role": "user", "content": "Hi"}]', "Hi"],
  [
    [{ role: "user", content: [{ type: "text", text: "What is this?" }, { type: "image" }] }],
    "What is this?",
  ],
  [[{ role: "assistant", content: "Hi" }], undefined],
  ["[{not JSON", "[{not JSON"],
])("the prompt of %j", (prompt, text) => {
  expect(promptText(prompt)).toBe(text);
});
