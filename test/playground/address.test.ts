import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fromFragment,
  splitFragment,
  toFragment,
  writeFragment,
} from "../../src/playground/address/address.ts";
import type { PromptState } from "../../src/playground/address/prompt-state.ts";
import type { Model } from "../../src/playground/api/model.ts";
import { csvFile } from "../../src/playground/chart/save.ts";
import { singlePrompt } from "../../src/playground/conversation/conversation.ts";
import { evidenceSentence } from "../../src/playground/decision/familiarity.ts";
import { filterFaults } from "../../src/playground/settings/filter-faults.ts";
import { capabilities, standardSettings } from "../../src/playground/settings/settings.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => value.isWellFormed());
const settings = fc.record({
  rule: fc.constantFrom("spend", "quality"),
  spend: fc.constantFrom(0, 0.25, 1),
  models: text,
  exclude: text,
  require: fc.subarray([...capabilities]),
  withKey: fc.boolean(),
  contextTokens: fc.constantFrom(0, 32_000),
  ceiling: text,
});
const turn = fc.record({ role: fc.constantFrom("user", "assistant", "system"), content: text });

describe("the address", () => {
  test("brings back every prompt, chat and setting", () => {
    const states = fc.record(
      {
        conversation: fc.oneof(
          text.map(singlePrompt),
          fc.record({
            turns: fc.array(turn, { minLength: 2, maxLength: 4 }),
            routeOn: fc.constantFrom("first", "last", "all"),
            currentModel: fc.constantFrom("", "gpt-5.4"),
          }),
        ),
        a: settings,
        b: settings,
      },
      { requiredKeys: ["conversation", "a"] },
    );
    fc.assert(
      fc.property(states, ({ conversation, a, b }) => {
        const whole = (own: typeof a) => ({
          ...standardSettings,
          ...own,
          // A dial that the rule has not is as it was.
          spend: own.rule === "spend" ? own.spend : standardSettings.spend,
        });
        const state = { conversation, a: whole(a), ...(b && { b: whole(b) }) } as PromptState;
        expect(fromFragment(`#${toFragment(state)}`)).toEqual(state);
      }),
    );
  });

  test("holds no prompt that is too long for it", () => {
    const state = (prompt: string) => ({ conversation: singlePrompt(prompt), a: standardSettings });
    const long = state("x".repeat(10_000));
    expect(toFragment(long)).toBeUndefined();
    expect(fromFragment(writeFragment(long))).toEqual(long);
  });

  test("that somebody broke is read as far as it makes sense", () => {
    const broken = "#prompt?prompt=Hi&rule=none&spend=7&require=vision,flying&context=-5&route_on=never";
    expect(fromFragment(broken)).toEqual({
      conversation: singlePrompt("Hi"),
      a: { ...standardSettings, require: ["vision"] },
    });
    expect(fromFragment("#prompt?turns=[1]")).toBeUndefined();
    expect(fromFragment("#operator?prompt=Hi")).toBeUndefined();
    expect(splitFragment("#task")).toEqual(["task", undefined]);
  });
});

test("filters that make no sense are told, each where it stands", () => {
  const models = [{ id: "gpt-5.4", aliases: ["gpt"] }, { id: "claude-x" }] as unknown as readonly Model[];
  const own = { ...standardSettings, models: "gpt-5* gtp-5 gpt", exclude: "claude-*", ceiling: "two" };
  expect(filterFaults(own, models)).toEqual({
    models: "No model here is called “gtp-5”.",
    ceiling: expect.stringContaining("a number above 0"),
  });
  expect(filterFaults({ ...own, ceiling: " 2.5 " }, [])).toEqual({});
  expect(filterFaults({ ...own, ceiling: "0" }, [])).toHaveProperty("ceiling");
});

test("a table as CSV quotes what must be", () => {
  expect(
    csvFile(
      ["model", "p"],
      [
        ['a "b", c', 0.5],
        ["d", null],
      ],
    ),
  ).toBe('model,p\r\n"a ""b"", c",0.5\r\nd,\r\n');
});

test("what is known of the chosen model is said as it is", () => {
  const known = { outcomes: 1025, published: 0, feedback: 0 };
  expect(evidenceSentence("m", known)).toBe("Of m 1,025 graded answers are known.");
  expect(evidenceSentence("m", { ...known, outcomes: 80, published: 1 })).toBe(
    "Of m 80 graded answers are known and 1 published score: few, so its figures are rough.",
  );
  expect(evidenceSentence("m", { ...known, outcomes: 0, published: 7 })).toBe(
    "Of m no graded answer is known, only 7 published scores: a rough guess.",
  );
});
