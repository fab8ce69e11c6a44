import { expect, test } from "vitest";
import { wranglerError } from "../../src/cli/run-wrangler.ts";

const LOG =
  '\n🪵  Logs were written to "/home/me/.config/.wrangler/logs/wrangler-2026-01-01_10-00-00_404.log"\n';
const failed = (text: string) =>
  `\u001b[31m✘ \u001b[41;31m[ERROR]\u001b[0m \u001b[1m${text}\u001b[0m\n\n${LOG}`;
test("what Wrangler says went wrong, without colors, advice and its log", () => {
  const text = "Unable to resolve Cloudflare's API hostname.\u001b[0m\n\n  \n  Please check your network.";
  expect(wranglerError(failed(text))).toBe("Unable to resolve Cloudflare's API hostname.");
  expect(wranglerError("no such table: decisions: SQLITE_ERROR\n")).toBe(
    "no such table: decisions: SQLITE_ERROR",
  );
});
