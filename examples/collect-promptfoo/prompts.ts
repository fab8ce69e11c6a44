import { readFile } from "node:fs/promises";

/** A prompt, how its answers are graded, and whether a person wrote it. */
export interface Prompt {
  readonly prompt: string;
  /** Right is an answer that contains this, whatever its case. */
  readonly expected?: string;
  /** Right is what a model that reads this finds right. */
  readonly rubric?: string;
  /** promptfoo's own assertions, in place of both. */
  readonly assert?: readonly object[];
  /** The model that wrote the prompt; absent where a person did. */
  readonly made_by?: string;
}

/** JSON lines with a `prompt` each. */
export async function readPrompts(file: string): Promise<readonly Prompt[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const prompt: Prompt = JSON.parse(line);
    if (typeof prompt.prompt === "string" && prompt.prompt.trim() !== "") return [prompt];
    throw new Error(`${file}:${index + 1}: "prompt" must be a text`);
  });
}
