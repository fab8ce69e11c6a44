import type { Page } from "playwright-core";
import type { TaskCandidate, TaskRequest } from "../../src/playground/task/task-contract.ts";

/** Fixed predictions of a few models, so that the view can be tried apart from any router. */
const predicted = [
  { model: "claude-3.5-sonnet", s1: 0.86, s2: 0.91, s3: 0.84, expected_usd: 0.0041 },
  { model: "gpt-4o-mini", s1: 0.81, s2: 0.88, s3: 0.8, expected_usd: 0.00016 },
  { model: "qwen2.5-72b-instruct", s1: 0.79, s2: 0.82, s3: 0.78, expected_usd: 0.00031 },
  { model: "gemini-1.5-flash", s1: 0.74, s2: 0.77, s3: 0.73, expected_usd: 0.00008 },
  { model: "llama-3.1-8b-instruct", s1: 0.58, s2: 0.55, s3: 0.52, expected_usd: 0.00005 },
];
const PRIOR_STRENGTH = 20;

/** Answers /v1/route/task in the browser: fixed predictions, moved by the labels as the API's posterior is. */
export async function answerTasks(page: Page): Promise<void> {
  await page.route("**/v1/route/task", async (route) => {
    const { prompts } = route.request().postDataJSON() as TaskRequest;
    const ranking = predicted
      .map((candidate): TaskCandidate => {
        const scores = prompts.flatMap(({ outcomes }) => outcomes?.[candidate.model] ?? []);
        const sum = scores.reduce((total, score) => total + score, 0);
        const posterior = (PRIOR_STRENGTH * candidate.s1 + sum) / (PRIOR_STRENGTH + scores.length);
        return { ...candidate, posterior, labels: scores.length };
      })
      .sort((a, b) => b.posterior - a.posterior);
    await route.fulfill({ json: { model: ranking[0]?.model, ranking } });
  });
}
