import type { RouteTaskResponse } from "../../client/index.ts";

/** Why this model for the whole task, as a person would say it. */
export function taskReason({ reason, ranking }: RouteTaskResponse): string {
  const models = `${ranking.length} models`;
  const labels = ranking.reduce((sum, candidate) => sum + candidate.labels, 0);
  switch (reason) {
    case "posterior":
      return labels === 0
        ? `The highest expected score of ${models}, from the prompts alone: no labels yet.`
        : `The highest expected score of ${models}, with ${labels} label${labels === 1 ? "" : "s"} counted.`;
    case "s3":
      return `The highest S3 of ${models}: there are no labels yet, and S3 knows how often such predictions hold.`;
    case "best_on_average":
      return "The model that is best on average: the one with the highest S3 is not surely better on these prompts.";
  }
}
