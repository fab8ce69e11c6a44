import * as v from "valibot";

/** A number of at least `minimum`; the message says so. */
export const atLeast = (minimum: number) =>
  v.pipe(v.number(), v.finite("must be finite"), v.minValue(minimum, `must be at least ${minimum}`));

export const positive = v.pipe(v.number(), v.finite("must be finite"), v.gtValue(0, "must be above 0"));

export const unitInterval = v.pipe(
  v.number(),
  v.minValue(0, "must lie between 0 and 1"),
  v.maxValue(1, "must lie between 0 and 1"),
);

export const positiveCount = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(1, "must be at least 1"),
  v.maxValue(Number.MAX_SAFE_INTEGER, "is too large"),
);

export const taskNamePattern = /^[A-Za-z0-9._-]{1,100}$/;
export const taskName = v.pipe(
  v.string(),
  v.regex(taskNamePattern, "must be a task name of letters, digits, . _ -"),
);

/** SHA-256 as 64 lower-case hexadecimal digits. */
export const checksum = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "must be a SHA-256 checksum of 64 hexadecimal digits"),
);

/**
 * A model's id or alias. Ids travel in HTTP headers, and `*` is the wildcard of requests, so that only visible ASCII
 * without either is allowed.
 */
export const modelName = v.pipe(
  v.string(),
  v.regex(/^[!-)+-~]{1,200}$/, "must be 1 to 200 visible ASCII characters without spaces and *"),
);

/** What stands behind `@` in the id of a variant, such as `low`. */
export const effortName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,20}$/, "must be a word such as low, high or none"),
);
