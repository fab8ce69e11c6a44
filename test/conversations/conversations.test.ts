import { expect, test } from "vitest";
import { runConversations } from "./run-conversations.ts";

// The short form of `npm run model-test`, with the same conversations each time.
test("whatever one caller does, others are answered as if it were not there, and no key goes astray", async () => {
  expect(await runConversations({ seed: 2026 }, 2_000)).toBeGreaterThanOrEqual(2_000);
});
