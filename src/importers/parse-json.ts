// A string literal, kept as it is, or one of the number words that Python writes and JSON does not have.
const STRING_OR_WORD = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs;

/** `JSON.parse` that reads Python's NaN and Infinity as null. Throws the SyntaxError of the text as it is. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const standard = text.replace(STRING_OR_WORD, (match) => (match.startsWith('"') ? match : "null"));
    if (standard === text) throw error;
    try {
      return JSON.parse(standard);
    } catch {
      throw error;
    }
  }
}
