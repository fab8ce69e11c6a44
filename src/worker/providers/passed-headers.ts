import type { Target } from "./provider.ts";
import { holdsSecret } from "./secret-forms.ts";

// Lengths and encodings belong to the connection to the provider, cookies to nobody.
const PASSED = new Set([
  "content-type",
  "x-request-id",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
]);
// What is left of a limit, which clients pace themselves by.
const LIMITS = /^(?:x-|anthropic-)ratelimit-[a-z-]+$/;

/** What of a provider's headers goes back to the caller. */
export function passedHeaders(headers: Headers, { workerKey }: Target): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(
      ([name, value]) => (PASSED.has(name) || LIMITS.test(name)) && !holdsSecret(value, workerKey),
    ),
  );
}
