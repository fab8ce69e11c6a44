import { expect, test } from "vitest";
import {
  nextPointer,
  type Pointer,
  promoteCanary,
  referencedKeys,
  rollBack,
} from "../../src/contract/pointer.ts";

const sum = (digit: string) => digit.repeat(64);
const first = nextPointer(undefined, {
  bundle: sum("a"),
  catalogue: sum("1"),
  encoder: sum("e"),
  published_at: "2026-01-01T00:00:00.000Z",
});
const second = nextPointer(first, { ...first, bundle: sum("b"), published_at: "2026-01-02T00:00:00.000Z" });
const withCanary: Pointer = { ...second, canary: { bundle: sum("c"), catalogue: sum("2"), percent: 10 } };
const now = "2026-01-03T00:00:00.000Z";

test("promote makes the canary live with its catalogue, and remembers what was", () => {
  const promoted = promoteCanary({ ...withCanary, shadow: { bundle: sum("d") } }, now);
  expect(promoted.ok && promoted.value).toMatchObject({
    bundle: sum("c"),
    catalogue: sum("2"),
    published_at: now,
    shadow: { bundle: sum("d") },
    previous: [{ bundle: sum("b") }, { bundle: sum("a") }],
  });
  expect(promoted.ok && promoted.value.canary).toBeUndefined();
});

test("a shadow that is promoted is no shadow any more", () => {
  const promoted = promoteCanary({ ...withCanary, shadow: { bundle: sum("c") } }, now);
  expect(promoted.ok && promoted.value.shadow).toBeUndefined();
});

test("promote without a canary is refused", () => {
  expect(promoteCanary(second, now)).toMatchObject({ ok: false, failure: { code: "no_canary" } });
});

test("roll back ends the canary first, then goes back state by state", () => {
  const ended = rollBack(withCanary, now);
  if (!ended.ok) throw new Error(ended.failure.code);
  expect(ended.value).toEqual({ ended: "canary", pointer: { ...second, changed_at: now } });
  const back = rollBack(ended.value.pointer, now);
  if (!back.ok) throw new Error(back.failure.code);
  expect(back.value).toMatchObject({
    ended: "live",
    pointer: { bundle: sum("a"), previous: [], changed_at: now, published_at: first.published_at },
  });
  expect(rollBack(back.value.pointer, now)).toMatchObject({ ok: false, failure: { code: "no_previous" } });
});

test("a shadow survives a roll back only on the same encoder", () => {
  const shadow = { bundle: sum("d") };
  const same = rollBack({ ...second, shadow }, now);
  expect(same.ok && same.value.pointer.shadow).toEqual(shadow);
  const other = rollBack({ ...second, encoder: sum("f"), shadow }, now);
  expect(other.ok && other.value.pointer.shadow).toBeUndefined();
});

test("what canary, shadow and earlier states need is referenced", () => {
  const keys = referencedKeys({ ...withCanary, shadow: { bundle: sum("d") } });
  for (const key of [..."abcd"].map((digit) => `bundle/${sum(digit)}`)) expect(keys).toContain(key);
  expect(keys).toContain(`catalogue/${sum("2")}`);
  expect(keys).toContain(`encoder/${sum("e")}/weights`);
  expect(keys.size).toBe(4 + 2 + 4);
});
