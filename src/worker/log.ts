/** One JSON line a log entry, which Workers Logs indexes by field. Never give it prompts, keys or bodies. */
export function logEvent(event: Readonly<Record<string, unknown>>): void {
  // JSON leaves some characters as they are that end a line or steer a terminal.
  const line = JSON.stringify(event).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  console.log(line);
}

/** Where an unexpected error was thrown. The message is left out: it may quote what a caller sent. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return { error: error.name, at: frames.slice(0, 6).map((line) => line.trim()) };
}
