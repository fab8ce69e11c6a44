import { printableLines } from "./terminal.ts";

/** Says a line, or several, on stdout. Everything that a command answers goes this way. */
export function print(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}

/** Says it on stderr: what is no answer, such as how far the work is. */
export function tell(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

/** The same for what commander says by itself, which repeats arguments: names of files, as a shell completes them. */
export const commanderOutput = {
  writeOut: (text: string) => void process.stdout.write(printableLines(text)),
  writeErr: (text: string) => void process.stderr.write(printableLines(text)),
};

/**
 * Keeps stdout for what commands say with `print`. Wrangler and others write through `console`, which would put their
 * notices into a JSON document; those go to stderr. A reader that has seen enough (`| head -1`) ends the program quietly.
 */
export function keepStdoutClean(): void {
  console.log = console.error;
  console.info = console.error;
  console.debug = console.error;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
}

/** NO_COLOR for the packages that only know FORCE_COLOR: Wrangler's, in this process and in its own. */
export function passOnNoColor(environment: NodeJS.ProcessEnv): void {
  if ((environment["NO_COLOR"] ?? "") !== "") environment["FORCE_COLOR"] = "0";
}
