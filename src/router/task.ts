import type { ErrorCode } from "../contract/error.ts";
import type { RouteTaskResponse, TaskPromptInput } from "../contract/route-task.ts";
import { catalogueNames } from "../core/catalogue.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { recommendForTask, type TaskPrompt } from "../core/task.ts";
import type { Surroundings } from "./decision.ts";
import type { RouterParts } from "./serving.ts";

type TaskParts = Omit<RouterParts, "taskProfile"> & {
  /** Checksum of the bundle that the predictor was read from. */
  readonly bundle: string;
};

/**
 * One model for a set of prompts, of which some may be labeled.
 * @param random uniform in [0, 1), for the gate of S3
 */
export async function decideTask(
  prompts: readonly TaskPromptInput[],
  { encoder, predictor, catalogue, bundle }: TaskParts,
  { owner, embeddings, stopwatch }: Surroundings,
  random: () => number,
): Promise<Result<RouteTaskResponse, ErrorCode>> {
  const names = catalogueNames(catalogue);
  const unknown = unknownModel(prompts, names);
  if (!unknown.ok) return unknown;
  const embedded: TaskPrompt[] = [];
  for (const { prompt, outcomes } of prompts) {
    const { embedding } = await stopwatch.time("embed", () => embeddings.embed(encoder, prompt, owner));
    const labels = Object.entries(outcomes ?? {}).map(([name, score]) => [names.get(name) as string, score]);
    embedded.push({
      embedding,
      readable: encoder.readable(prompt),
      ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    });
  }
  const { model, by, familiarity, labelled, scores } = await stopwatch.time("decide", async () =>
    recommendForTask(predictor, embedded, random),
  );
  return ok({
    model,
    reason: by,
    familiarity,
    labelled,
    ranking: scores.map(({ s3, ...others }) => ({ ...others, s3: s3 ?? null })),
    bundle,
  });
}

function unknownModel(
  prompts: readonly TaskPromptInput[],
  names: ReadonlyMap<string, string>,
): Result<null, "unknown_model"> {
  for (const [k, { outcomes }] of prompts.entries()) {
    const name = Object.keys(outcomes ?? {}).find((model) => !names.has(model));
    if (name === undefined) continue;
    const message = `"${name}" is no model of the catalogue; GET /v1/models lists them`;
    return fail("unknown_model", message, `prompts.${k}.outcomes`);
  }
  return ok(null);
}
