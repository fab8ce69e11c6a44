import { array, is, looseObject, string, unknown } from "valibot";

const messagesSchema = array(looseObject({ role: string(), content: unknown() }));

/**
 * The text that a router would be asked about: the last message of a user, since what comes before it in an
 * evaluation is instructions and worked examples. Undefined where there is no text of a user.
 * @param prompt a text, chat messages in OpenAI's form, or such messages as JSON text
 */
export function promptText(prompt: unknown): string | undefined {
  if (typeof prompt === "string")
    return /^\s*\[\s*\{/.test(prompt) ? textOfJson(prompt) : prompt || undefined;
  if (!is(messagesSchema, prompt)) return undefined;
  const content = prompt.findLast(({ role }) => role === "user")?.content;
  return contentText(content);
}

/** Text of a message's content, which is a text or a list of parts; what is not text is left out. */
function contentText(content: unknown): string | undefined {
  if (typeof content === "string") return content || undefined;
  if (!Array.isArray(content)) return undefined;
  const texts = content.flatMap((part: unknown) =>
    is(looseObject({ text: string() }), part) ? [part.text] : [],
  );
  return texts.join("\n") || undefined;
}

function textOfJson(text: string): string | undefined {
  try {
    return promptText(JSON.parse(text)) ?? text;
  } catch {
    return text;
  }
}
