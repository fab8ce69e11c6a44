import type { RequestBody } from "../core/accepts.ts";
import { ok, type Result } from "../core/result.ts";
import { readModelChoice } from "./auto-model.ts";
import type { RouteOptions } from "./options.ts";
import { type AnswerNeeds, type Conversation, type Question, questionOf } from "./question.ts";

/** What of a request for an answer is the same on every surface. */
interface Asked extends Pick<Conversation, "said" | "tools"> {
  /** Answers to write; one where the surface knows no others. */
  readonly answers: number;
  /** Longest answer; 0 where the request does not say. */
  readonly answerTokens: number;
}

/** A request for an answer, on whatever surface: what it says in its own form, and what it asks of Signalbox. */
export type AnswerRequest = Asked & {
  readonly body: RequestBody;
  readonly beside: readonly unknown[];
  readonly streams: boolean;
} & (
    | { readonly kind: "auto"; readonly question: Question }
    | { readonly kind: "named"; readonly name: string; readonly options: RouteOptions | undefined }
  );

export type AnswerRequestCode = "invalid_request" | "conflicting_rules";

/** Reads `model` and `signalbox` of a body whose schema was checked. */
export function answerRequest(
  body: RequestBody,
  { capabilities, ...asked }: Asked & AnswerNeeds,
): Result<AnswerRequest, AnswerRequestCode> {
  const given = (body["signalbox"] ?? undefined) as RouteOptions | undefined;
  const choice = readModelChoice(String(body["model"]), given ?? {});
  if (!choice.ok) return choice;
  const beside = sentBeside(body);
  const common = { ...asked, body, beside, streams: body["stream"] === true };
  if (choice.value.kind === "named") return ok({ ...common, ...choice.value, options: given });
  const { said, tools, answerTokens } = asked;
  const question = questionOf(choice.value.options, { said, tools, beside }, { answerTokens, capabilities });
  return question.ok ? ok({ ...common, kind: "auto", question: question.value }) : question;
}

/** Fields of a body that are no text for the model, or counted among what is said. */
const UNREAD: readonly string[] = [
  ...[
    "model",
    "messages",
    "input",
    "instructions",
    "system",
    "tools",
    "signalbox",
    "stream",
    "stream_options",
  ],
  ...["n", "user", "metadata", "max_tokens", "max_completion_tokens", "max_output_tokens"],
];

/** What a provider's model may read beside messages and tools: schemas, functions, predictions, whatever comes. */
function sentBeside(body: RequestBody): readonly unknown[] {
  const fields = Object.entries(body).filter(([name]) => !UNREAD.includes(name));
  // A number or a word is no input worth counting.
  return fields.map(([, value]) => value).filter((value) => typeof value === "object" && value !== null);
}
