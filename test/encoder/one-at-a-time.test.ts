import { expect, test } from "vitest";
import { oneAtATime } from "../../src/encoder/one-at-a-time.ts";
import type { EncoderInput } from "../../src/encoder/session.ts";

const inputOf = (id: number): EncoderInput => ({
  inputIds: Int32Array.of(id),
  lexicalIds: Int32Array.of(id),
  lexicalCounts: Float32Array.of(1),
});

test("overlapping runs follow one another in order, past one that fails", async () => {
  let running = 0;
  const order: number[] = [];
  const session = oneAtATime({
    async embed({ inputIds }) {
      running++;
      expect(running).toBe(1);
      const id = inputIds[0];
      order.push(id);
      for (let k = 0; k < 5; k++) await Promise.resolve();
      running--;
      if (id === 1) throw new Error("out of memory");
      return Float32Array.of(id);
    },
  });
  const results = await Promise.allSettled([0, 1, 2, 3].map((id) => session.embed(inputOf(id))));
  expect(order).toEqual([0, 1, 2, 3]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});
