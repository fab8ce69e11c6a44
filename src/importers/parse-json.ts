import { endOfString } from "./json-string.ts";

/** `JSON.parse` that reads Python's NaN and Infinity as null. Throws the SyntaxError of the text as it is. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const standard = withoutPythonNumbers(text);
    if (standard === undefined) throw error;
    try {
      return JSON.parse(standard);
    } catch {
      throw error;
    }
  }
}

/** The text with null for the number words that Python writes and JSON does not have; undefined where there are none. */
function withoutPythonNumbers(text: string): string | undefined {
  const quoteOrWord = /"|-?\b(?:NaN|Infinity)\b/g;
  const pieces: string[] = [];
  let copied = 0;
  for (let found = quoteOrWord.exec(text); found !== null; found = quoteOrWord.exec(text)) {
    if (found[0] === '"') {
      const end = endOfString(text, found.index);
      if (end < 0) break;
      quoteOrWord.lastIndex = end + 1;
    } else {
      pieces.push(text.slice(copied, found.index), "null");
      copied = quoteOrWord.lastIndex;
    }
  }
  return copied === 0 ? undefined : pieces.join("") + text.slice(copied);
}
