import type { Page } from "./pages.ts";

/**
 * Every line of a shell block, and every block of code, that no test runs, with the reason. What is not listed is run by
 * blocks.test.ts or tutorial.test.ts.
 */
export const notRun: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /^npm install \.\/|^npx signalbox/, reason: "test/package does this in an empty project" },
  { pattern: /^npm test$/, reason: "this is it" },
  {
    pattern: /^npm run adversarial$/,
    reason: "some minutes a suite, and prompts that are not in the repository",
  },
  { pattern: /^npm run evaluate\b/, reason: "takes an hour; the evaluation page has what it printed" },
  {
    pattern: /evaluate models\/benchmarks\/llmrouter\.safetensors/,
    reason: "half a minute of computing; `npm run evaluate` prints the same row",
  },
  {
    pattern: /evaluate models\/benchmarks\/ikp\.safetensors/,
    reason: "a minute of computing; the evaluation page has what it printed",
  },
  {
    pattern: /^OPENAI_API_KEY=\.\.\. npm start$/,
    reason: "a real key; test/conformance/start.test.ts starts with one of a provider on this machine",
  },
  {
    pattern: /^signalbox evaluate a=a\.jsonl b=b\.jsonl c=c\.jsonl/,
    reason: "three suites of one's own; test/evaluation/loso.test.ts runs the protocol",
  },
  {
    pattern: /^node examples\/collect-promptfoo\/collect\.ts/,
    reason: "keys of providers; test/examples/collect.test.ts runs them against one of its own",
  },
  {
    pattern: /^(eval "\$\()?signalbox launch\b/,
    reason: "tools of other makers: test/conformance/openai.test.ts starts others, `npm run clients` these",
  },
  {
    pattern: /^npm install$|^npx wrangler login$|^npm run -s signalbox -- deploy$/,
    reason: "a Cloudflare account; test/operations/cloudflare.test.ts deploys to a stand-in for one",
  },
  {
    pattern: /signalbox -- doctor --remote --url/,
    reason: "a deployed Worker; test/operations/cloudflare.test.ts asks the stand-in's",
  },
  { pattern: /FROM signalbox_decisions/, reason: "Analytics Engine, which is at Cloudflare only" },
  { pattern: /import <format> <files\.\.\.>/, reason: "a pattern of a command, not one" },
  {
    pattern: /^(lm_eval|inspect eval|promptfoo eval|helm-run|oaieval|python -c "import pandas)/,
    reason: "another tool; test/importers/fixtures holds what it wrote",
  },
  {
    pattern: /from "(ai|@langchain\/openai|@anthropic-ai\/sdk)"|^from openai import OpenAI/m,
    reason: "packages of other makers: `npm run clients` installs them and runs these",
  },
];

/** The commands of a shell block, one a line; continued lines are joined and remarks taken out. */
export function commandsOf(text: string): readonly string[] {
  // Remarks first, since they may hold quotes; a quoted argument may go over several lines.
  return text
    .replaceAll(/\s{2,}#.*$/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split(/\n(?=(?:[^']*'[^']*')*[^']*$)/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

export interface Runnable {
  readonly page: string;
  readonly language: string;
  /** One command of a shell block, or the whole of another block. */
  readonly code: string;
  /** What stands behind the language: `run` and `file=...` blocks belong to the tutorial's own test. */
  readonly note: string;
}

/** Everything in the pages that could be run. */
export function runnables(pages: readonly Page[]): readonly Runnable[] {
  return pages.flatMap(({ path, blocks }) =>
    blocks.flatMap(({ language, note, text }) => {
      const one = { page: path, language, note };
      if (language === "sh") return commandsOf(text).map((code) => ({ ...one, code }));
      return ["js", "ts", "python", "csv", "toml", "sql"].includes(language) ? [{ ...one, code: text }] : [];
    }),
  );
}
