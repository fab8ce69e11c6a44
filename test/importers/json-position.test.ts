import { expect, test } from "vitest";
import { lineOfPath, linesOfItems } from "../../src/importers/json-position.ts";
import { parseJson } from "../../src/importers/parse-json.ts";

const text = `{
  "a": [
    {"b": "]}, \\" {[", "c": 1},

    {
      "b": [],
      "c": {"d": [[1,
        2], 3]}
    }
  ],
  "e": null
}`;

test.each([
  [[], 1],
  [["a"], 2],
  [["a", 0], 3],
  [["a", 0, "c"], 3],
  [["a", 1], 5],
  [["a", 1, "b"], 6],
  [["a", 1, "c", "d", 0, 1], 8],
  [["a", 1, "c", "d", 1], 8],
  [["e"], 11],
  [["a", 1, "missing", "deeper"], 5],
])("the line of %j is %i", (path, line) => {
  expect(lineOfPath(text, path)).toBe(line);
});

test("the lines of an array's items", () => {
  expect(linesOfItems(text, ["a"])).toEqual([3, 5]);
  expect(linesOfItems(text, ["a", 1, "b"])).toEqual([]);
  expect(linesOfItems(text, ["a", 1, "c", "d"])).toEqual([7, 8]);
  expect(linesOfItems("[\n1,\n2]", [])).toEqual([2, 3]);
});

test("a string of millions of escapes needs no stack", () => {
  const long = "\\n".repeat(5_000_000);
  const json = `{"text":"${long}",\n"items":["${long}\\"",\n2]}`;
  expect(linesOfItems(json, ["items"])).toEqual([2, 3]);
  expect(parseJson(`["${long}", NaN]`)).toEqual(["\n".repeat(5_000_000), null]);
  expect(() => parseJson(`["${long}", NaN`)).toThrow(SyntaxError);
});

test.each([
  ["[NaN, -Infinity, Infinity]", [null, null, null]],
  ['{"NaN": "NaN \\" -Infinity", "x": [NaN]}', { NaN: 'NaN " -Infinity', x: [null] }],
  ['["\\\\", NaN]', ["\\", null]],
])("Python's %s is read", (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

test.each(['["NaN]', "[NaNs]", "NaN NaN"])("%s stays broken", (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});
