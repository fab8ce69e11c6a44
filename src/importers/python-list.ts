/** A string of a Python list's repr: single or double quotes, backslash escapes. */
const ITEM = /\s*('[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")\s*(,|$)/sy;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs;
const LAST_CODE_POINT = 0x10ffff;
const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["\n", ""],
]);

/** The strings of `['a', "b"]` as Python's repr writes a list of strings; undefined for any other text. */
export function parsePythonList(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("[") || !trimmed.endsWith("]")) return undefined;
  const inner = trimmed.slice(1, -1);
  const items: string[] = [];
  ITEM.lastIndex = 0;
  while (ITEM.lastIndex < inner.length) {
    const match = ITEM.exec(inner);
    if (match === null) return undefined;
    items.push(unescapePython((match[1] as string).slice(1, -1)));
  }
  return items;
}

function unescapePython(text: string): string {
  return text.replace(ESCAPE, (_, byte?: string, short?: string, long?: string, plain?: string) => {
    const code = byte ?? short ?? long;
    if (code !== undefined) return characterOf(Number.parseInt(code, 16));
    return escapes.get(plain as string) ?? (plain as string);
  });
}

/** Python writes no escape beyond the last code point; a broken file may hold one. */
function characterOf(codePoint: number): string {
  return codePoint > LAST_CODE_POINT ? "\ufffd" : String.fromCodePoint(codePoint);
}
