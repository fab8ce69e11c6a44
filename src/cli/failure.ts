import type { Failure, Result } from "../core/result.ts";

/** The work failed for a reason that the person at the terminal can act on: told in one line, exit code 1. */
export class CommandFailure extends Error {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/** What the command line asks for makes no sense: told in the same way, with exit code 2. */
export class WrongUsage extends CommandFailure {
  constructor(message: string) {
    super({ code: "usage", message });
  }
}

/** The value, or an end of the command with the failure's sentence. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CommandFailure(result.failure);
}

/** What the file system refuses most often, and what that means to a person. */
const fileFaults: Readonly<Record<string, string>> = {
  ENOENT: "there is no",
  EACCES: "this account may not use",
  EPERM: "this account may not use",
  EISDIR: "a file is needed, but this is a folder:",
  ENOTDIR: "a folder is needed, but this is a file:",
  ENOSPC: "the disk is full; could not write",
  EDQUOT: "this account may not use more of the disk; could not write",
  EFBIG: "the file would be too large; could not write",
  EROFS: "the disk is read-only; could not write",
};

/** One line about an error that a person can act on; undefined for faults of the program itself. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof CommandFailure) return error.message;
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  // What Node says of a folder within folders where the disk takes none.
  if (code === "ENOENT" && syscall === "mkdir") {
    return `could not make the folder ${path}; is the disk read-only, or its parent gone?`;
  }
  // Wrangler's own word for a mistake of its user, such as in wrangler.toml.
  if ((error as { telemetryMessage?: unknown }).telemetryMessage !== undefined) return message;
  const fault = fileFaults[code ?? ""];
  if (fault === undefined) return undefined;
  if (path !== undefined) return `${fault} ${path}`;
  // Faults while writing, with a file that is open already, name no path.
  return /^(ENOSPC|EDQUOT|EFBIG|EROFS)$/.test(code ?? "")
    ? fault.replace(/; could not write$/, "")
    : undefined;
}
