import * as v from "valibot";

const usage = v.looseObject({ output_tokens: v.nullish(v.number()) });

export const sampleSchema = v.looseObject({
  id: v.union([v.string(), v.number()]),
  input: v.union([v.string(), v.array(v.looseObject({ role: v.string(), content: v.unknown() }))]),
  metadata: v.nullish(v.looseObject({})),
  error: v.nullish(v.unknown()),
  scores: v.nullish(v.record(v.string(), v.looseObject({ value: v.unknown() }))),
  output: v.nullish(v.looseObject({ completion: v.nullish(v.string()), usage: v.nullish(usage) })),
  model_usage: v.nullish(v.record(v.string(), usage)),
});
export type InspectSample = v.InferOutput<typeof sampleSchema>;

/** What the header of a log says of the whole run. */
export const headerSchema = v.looseObject({
  eval: v.looseObject({ task: v.string(), model: v.string() }),
});
export type InspectHeader = v.InferOutput<typeof headerSchema>;

export const logSchema = v.looseObject({
  ...headerSchema.entries,
  status: v.optional(v.string()),
  // A log that was ended before its first sample has none.
  samples: v.optional(v.array(sampleSchema)),
});

/** `logs.json`, Inspect's own list of the logs in a folder: their headers by file name. */
export const listingSchema = v.pipe(
  v.record(v.string(), v.looseObject({ ...headerSchema.entries, location: v.string() })),
  v.minEntries(1),
);
