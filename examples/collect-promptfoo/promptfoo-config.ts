import type { Callable } from "./catalogue.ts";
import type { Prompt } from "./prompts.ts";

/** What `promptfoo eval -c` takes: every model answers every prompt, and what it answers is graded. */
export function promptfooConfig(
  prompts: readonly Prompt[],
  models: readonly Callable[],
  { task, grader }: { readonly task: string; readonly grader: Callable | undefined },
): object {
  return {
    description: task,
    prompts: ["{{prompt}}"],
    providers: models.map(provider),
    ...(grader === undefined ? {} : { defaultTest: { options: { provider: provider(grader) } } }),
    tests: prompts.map((prompt) => ({ vars: { prompt: prompt.prompt }, assert: assertions(prompt, grader) })),
  };
}

function provider({ id, upstream, baseUrl, keyName, request }: Callable): object {
  return {
    id: `openai:chat:${upstream}`,
    label: id,
    config: {
      apiBaseUrl: baseUrl,
      apiKeyEnvar: keyName,
      // Models that think refuse a temperature, and count their thoughts among the tokens of an answer.
      omitDefaults: true,
      passthrough: request,
    },
  };
}

function assertions(
  { prompt, expected, rubric, assert }: Prompt,
  grader: Callable | undefined,
): readonly object[] {
  if (assert !== undefined) return assert;
  if (expected !== undefined) return [{ type: "icontains", value: expected }];
  if (rubric === undefined) {
    throw new Error(
      `"${prompt.slice(0, 60)}" has neither "expected", "rubric" nor "assert": who is to grade it?`,
    );
  }
  if (grader === undefined)
    throw new Error("some prompts have a rubric: name the model that grades with --grader");
  return [{ type: "llm-rubric", value: rubric }];
}
