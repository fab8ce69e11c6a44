import type { Failure, Result } from "../core/result.ts";

/** The work failed for a reason that the person at the terminal can act on: told in one line, exit code 1. */
export class CommandFailure extends Error {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/** The value, or an end of the command with the failure's sentence. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CommandFailure(result.failure);
}
