import type * as v from "valibot";
import { type Capability, capabilities } from "../core/catalogue.ts";
import type { DecisionRequest } from "../core/decide.ts";
import { ok, type Result } from "../core/result.ts";
import type { messagesSchema } from "./message.ts";
import { choiceRule, type RouteOptions } from "./options.ts";

/** What is to be answered, and what tells it from other conversations. */
export interface Conversation {
  /** One prompt, which is routed on as it is, or messages. */
  readonly said: string | v.InferOutput<typeof messagesSchema>;
  /** Tool definitions that will be sent along. */
  readonly tools: readonly unknown[];
  /** What else will be sent along and read by the model, for what it costs. */
  readonly beside: readonly unknown[];
  /** Which user turns of messages are routed on. */
  readonly routeOn: RouteOptions["route_on"];
  /** A name that the caller gave to all its turns. */
  readonly session: string | undefined;
}

/** A request for one decision, whatever form it came in: parsed, and needing no more checks of form. */
export interface Question {
  readonly conversation: Conversation;
  /** Rule and filters. `currentModel` may be an alias, and the conversation may demand more than `require`. */
  readonly demands: Omit<DecisionRequest, "inputTokens" | "today">;
  /** Room that the answer needs beside the input. */
  readonly answerTokens: number;
  /** A task whose stored profile corrects the predictions. */
  readonly task: string | undefined;
  /** Whether the answer is to say how it came about. */
  readonly explain: boolean;
}

/** What of a question stands in the body of chat completions, outside the options. */
export interface AnswerNeeds {
  readonly answerTokens: number;
  readonly capabilities: readonly Capability[];
}

/** Options and what they are about -> a question. */
export function questionOf(
  options: RouteOptions,
  {
    said,
    tools = [],
    beside = [],
  }: {
    readonly said: Conversation["said"];
    readonly tools?: readonly unknown[] | undefined;
    readonly beside?: readonly unknown[];
  },
  needs: AnswerNeeds = { answerTokens: 0, capabilities: [] },
): Result<Question, "conflicting_rules"> {
  const rule = choiceRule(options);
  if (!rule.ok) return rule;
  const { models, exclude, max_usd, effort, current_model, require = {} } = options;
  const { context_tokens } = require;
  return ok({
    conversation: { said, tools, beside, routeOn: options.route_on, session: options.session },
    demands: {
      rule: rule.value,
      require: {
        capabilities: [...needs.capabilities, ...capabilities.filter((capability) => require[capability])],
        ...(context_tokens === undefined ? {} : { contextTokens: context_tokens }),
      },
      ...(models === undefined ? {} : { models }),
      ...(exclude === undefined ? {} : { exclude }),
      ...(max_usd === undefined ? {} : { maxUsd: max_usd }),
      ...(effort === undefined ? {} : { effort }),
      ...(current_model === undefined ? {} : { currentModel: current_model }),
    },
    answerTokens: needs.answerTokens,
    task: options.task,
    explain: options.explain,
  });
}
