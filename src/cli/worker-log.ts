import { shortIds } from "./short-ids.ts";

/** What of the Worker's log lines is told to a person at the terminal. */
interface LogLine {
  readonly event?: string;
  readonly [field: string]: unknown;
}

const causes: Readonly<Record<string, string>> = {
  unreachable: "could not be reached",
  timeout: "did not begin to answer in time",
  rate_limited: "is over its limit",
  server_error: "has a fault of its own",
  refused: "refuses the key",
  broken_off: "broke its answer off",
};

/** How workerd tells of a connection that failed: a stack of addresses, beside the Worker's own line about it. */
const PLATFORM_STACK = /\bworkerd@[0-9a-f]+|wdErrId = |^\s+at /m;

/** One line of the Worker's log as a sentence; undefined for what the platform prints besides. */
export function sentenceOfLog(message: string): string | undefined {
  const line = parseLine(message);
  if (line === undefined) return PLATFORM_STACK.test(message) ? undefined : message;
  return `${new Date().toTimeString().slice(0, 8)}  ${sentenceOf(line)}`;
}

function sentenceOf(line: LogLine): string {
  const { event, ...rest } = line;
  if (event === "decision") return describeDecision(line);
  if (event === "provider_fault") return describeFault(line);
  if (event === "serving") return `serves bundle ${shortIds(String(line["bundle"]))}`;
  return `${String(event).replaceAll("_", " ")}: ${shortIds(JSON.stringify(rest))}`;
}

function parseLine(message: string): LogLine | undefined {
  if (!message.startsWith("{")) return undefined;
  try {
    const line: LogLine = JSON.parse(message);
    return typeof line.event === "string" ? line : undefined;
  } catch {
    return undefined;
  }
}

function describeDecision(line: LogLine): string {
  const { model, reason, p_correct, expected_usd, path, moved_from, moved_because } = line;
  const chance = `${(100 * Number(p_correct)).toFixed(0)} %`;
  const usd = `${(1000 * Number(expected_usd)).toPrecision(2)} USD per 1,000`;
  const move = moved_from === undefined ? "" : `, moved from ${moved_from} by ${moved_because}`;
  return `${model}  ${chance}  ${usd}  ${String(reason).replaceAll("_", " ")}${move}  ${path}`;
}

function describeFault({ provider, model, cause, status, count }: LogLine): string {
  const answered = status === undefined ? "" : ` (it answered ${status})`;
  const often = Number(count) > 1 ? `, ${count} times since this was last said` : "";
  return `${provider} ${causes[String(cause)] ?? cause}${answered}, asked for ${model}${often}`;
}
