import fc from "fast-check";
import { expect, test } from "vitest";
import { parseExactJson, writeExactJson } from "../../src/contract/exact-json.ts";

const written = (text: string) => writeExactJson(parseExactJson(text).exact);

test.each([
  '{"maximum":18446744073709551615}',
  '{"a":-9223372036854775808,"b":[9007199254740993]}',
  '{"a":1.0,"b":1e5,"c":1E-7,"d":-0,"e":0.10,"f":1.2345678901234567890}',
  '{"a":1e400}',
  '{"a":100000.21181300053,"b":0.0000001,"c":0.00000012}',
  '{"a":10000000.000000003,"b":0.0000001}',
  '{"2":"b","1":"a","x":{"10":1,"9":2}}',
  '{"b":1,"7":2,"a":{"0":0}}',
  '{"text":"\\ud800 and \\"12\\": x","lone":"\\udfff"}',
  '{"say":"\\"1\\":2","1":{"a\\"3":1,"3":2}}',
  '{"\u{F8FF}1":1,"1":2,"\u{F8FF}\u{F8FF}1":3,"0":4}',
])("%s is written as it came", (text) => {
  expect(written(text)).toBe(text);
});

test("a doubled key means the same here and where it is sent", () => {
  const { value, exact } = parseExactJson('{"model":"a","1":1,"model":"b","n":1.0}');
  expect((value as { readonly model: string }).model).toBe("b");
  expect(JSON.parse(writeExactJson(exact)).model).toBe("b");
});

test("what is read has plain numbers and keys", () => {
  expect(parseExactJson('{"max_tokens":1e3,"3":1,"1":2}').value).toEqual({ max_tokens: 1000, 3: 1, 1: 2 });
});

test("any document has the same value afterwards, and any text of it the same digits", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (document) => {
      const text = JSON.stringify(document);
      expect(written(text)).toBe(text);
    }),
  );
  const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/);
  // No backslash in the names: after a key that is one, V8 reads a key that is a quote as one too, here and in any program.
  const key = fc.stringMatching(/^[0-9a-z"\uF8FF]{0,4}$/).map((name) => JSON.stringify(name));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, number), { selector: ([name]) => name }), (pairs) => {
      const text = `{${pairs.map(([name, value]) => `${name}:${value}`).join(",")}}`;
      expect(written(text)).toBe(text);
    }),
  );
  const backslashes = String.raw`{"2\\":1e2,"\\1":2,"1":0}`;
  expect(written(backslashes)).toBe(backslashes);
});
