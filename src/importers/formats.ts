import { csv } from "./csv.ts";
import { embedLlm } from "./embedllm.ts";
import { helm } from "./helm.ts";
import type { Importer } from "./importer.ts";
import { inspect } from "./inspect.ts";
import { llmRouterBench } from "./llmrouterbench.ts";
import { lmEval } from "./lm-eval.ts";
import { openAiEvals } from "./openai-evals.ts";
import { preferences } from "./preferences.ts";
import { promptfoo } from "./promptfoo.ts";
import { routerBench } from "./routerbench.ts";
import { braintrust, deepEval, langfuse, langSmith } from "./tool-tables.ts";

/** Every format that can be imported, by its name on the command line. */
export const formats = {
  "lm-eval": lmEval,
  inspect,
  promptfoo,
  helm,
  "openai-evals": openAiEvals,
  routerbench: routerBench,
  embedllm: embedLlm,
  llmrouterbench: llmRouterBench,
  preferences,
  langsmith: langSmith,
  langfuse,
  braintrust,
  deepeval: deepEval,
  csv,
} as const satisfies Readonly<Record<string, Importer>>;

export type FormatName = keyof typeof formats;
