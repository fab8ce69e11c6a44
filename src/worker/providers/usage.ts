/** Tokens that a provider counted for one answer. */
export interface Usage {
  readonly input: number;
  /** All that is billed as output. */
  readonly output: number;
  /** The part of it that is reasoning; undefined where the provider does not say. */
  readonly reasoning: number | undefined;
}

// Usage stands in the whole document, or in one event, which at its longest holds the whole answer.
const LONGEST_TEXT = 1024 * 1024;

/**
 * Reads along what a provider counted, as the bytes go by: each chunk is passed on before it is looked at. Streams tell it
 * in one of their last events, documents beside the answer.
 * @param onEnd called once, when the answer has ended or its reader has gone
 */
export function readUsageAlong(
  body: ReadableStream<Uint8Array>,
  isStream: boolean,
  onEnd: (usage: Usage | undefined) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const seen = isStream ? usageOfEvents() : usageOfDocument();
  let ended = false;
  const end = (isWhole: boolean) => {
    if (ended) return;
    ended = true;
    onEnd(isWhole ? seen.end() : undefined);
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            end(true);
            return;
          }
          controller.enqueue(value);
          seen.push(value);
        } catch (error) {
          end(false);
          throw error;
        }
      },
      cancel(reason) {
        end(false);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

interface Seen {
  push(chunk: Uint8Array): void;
  end(): Usage | undefined;
}

function usageOfDocument(): Seen {
  const decoder = new TextDecoder();
  let text = "";
  return {
    push(chunk) {
      if (text.length <= LONGEST_TEXT) text += decoder.decode(chunk, { stream: true });
    },
    end: () => (text.length > LONGEST_TEXT ? undefined : usageIn({}, parsed(text + decoder.decode()))),
  };
}

function usageOfEvents(): Seen {
  const decoder = new TextDecoder();
  let rest = "";
  let counts: Counts = {};
  const readLine = (line: string) => {
    if (line.startsWith("data:") && line.includes('"usage"')) counts = merged(counts, parsed(line.slice(5)));
  };
  return {
    push(chunk) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() as string;
      for (const line of lines) readLine(line);
      // A line without an end is none that anybody reads.
      if (rest.length > LONGEST_TEXT) rest = "";
    },
    end() {
      readLine(rest);
      return usageOf(counts);
    },
  };
}

interface Counts {
  readonly input?: number;
  readonly output?: number;
  readonly reasoning?: number;
}

function usageIn(counts: Counts, document: unknown): Usage | undefined {
  return usageOf(merged(counts, document));
}

function usageOf({ input, output, reasoning }: Counts): Usage | undefined {
  return output === undefined ? undefined : { input: input ?? 0, output, reasoning };
}

/** Where the three surfaces put it: beside the answer, or in the response or message that an event is about. */
function merged(before: Counts, document: unknown): Counts {
  if (!isRecord(document)) return before;
  const inner = [document["response"], document["message"]].find(isRecord);
  const usage = [document["usage"], inner?.["usage"]].find(isRecord);
  if (usage === undefined) return before;
  const details = [usage["completion_tokens_details"], usage["output_tokens_details"]].find(isRecord);
  const found = {
    input: count(usage["prompt_tokens"]) ?? count(usage["input_tokens"]),
    output: count(usage["completion_tokens"]) ?? count(usage["output_tokens"]),
    reasoning: count(details?.["reasoning_tokens"]),
  };
  return {
    ...before,
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
