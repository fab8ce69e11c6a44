import * as v from "valibot";
import type { Accepts } from "../core/accepts.ts";

const parameter = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?$/, "must be a parameter's name, such as `temperature`"),
);
const plainParameter = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9_]*$/, "must be a parameter of the body itself"),
);
const role = v.picklist(["system", "developer", "user", "assistant", "tool", "function"]);

/** `accepts` of a model of the catalogue. */
export const acceptsSchema = v.strictObject({
  parameters: v.optional(
    v.strictObject({
      rename: v.optional(v.record(plainParameter, plainParameter), {}),
      drop: v.optional(v.array(parameter), []),
      refuse: v.optional(v.array(parameter), []),
    }),
    {},
  ),
  roles: v.optional(
    v.strictObject({
      rename: v.optional(v.record(role, role), {}),
      refuse: v.optional(v.array(role), []),
    }),
    {},
  ),
}) satisfies v.GenericSchema<unknown, Accepts>;
