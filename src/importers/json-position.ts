import { endOfString } from "./json-string.ts";

type Path = readonly (string | number)[];

/**
 * The line, from 1, on which the value at `path` starts in a valid JSON text; where the path leaves the
 * document, the line of the last part that exists.
 */
export function lineOfPath(text: string, path: Path): number {
  let found = 0;
  let matched = 0;
  walkValues(text, (at, offset) => {
    if (at.length === matched + 1 && at.every((key, depth) => key === path[depth])) {
      matched++;
      found = offset;
    }
    return matched < path.length;
  });
  return lineOfOffset(text, skipSpace(text, found));
}

/** The lines on which the items of the array at `path` start, in a valid JSON text. */
export function linesOfItems(text: string, path: Path): readonly number[] {
  const lines: number[] = [];
  let line = 1;
  let counted = 0;
  walkValues(text, (at, offset) => {
    if (at.length === path.length + 1 && path.every((key, depth) => key === at[depth])) {
      const start = skipSpace(text, offset);
      line += lineOfOffset(text.slice(counted, start), start) - 1;
      counted = start;
      lines.push(line);
    }
    return true;
  });
  return lines;
}

/** The line, from 1, of a character. */
export function lineOfOffset(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/**
 * Visits every value inside objects and arrays, in the order of the text, with its path and where its text
 * begins (spaces included), until `visit` returns false. The path is reused: copy it to keep it.
 */
function walkValues(text: string, visit: (path: Path, offset: number) => boolean): void {
  const path: (string | number)[] = [];
  const inArray: boolean[] = [];
  let literal = "";
  const shaping = /["{}[\],:]/g;
  for (let match = shaping.exec(text); match !== null; match = shaping.exec(text)) {
    const { 0: token, index } = match;
    let starts = false;
    if (token === "{" || token === "[") {
      starts = token === "[" && text[skipSpace(text, index + 1)] !== "]";
      inArray.push(token === "[");
      path.push(token === "[" ? 0 : "");
    } else if (token === "}" || token === "]") {
      inArray.pop();
      path.pop();
    } else if (token === ",") {
      starts = inArray.at(-1) === true;
      if (starts) path[path.length - 1] = (path.at(-1) as number) + 1;
    } else if (token === ":") {
      starts = true;
      path[path.length - 1] = JSON.parse(literal) as string;
    } else {
      const end = endOfString(text, index);
      literal = text.slice(index, end + 1);
      shaping.lastIndex = end + 1;
    }
    if (starts && !visit(path, index + 1)) return;
  }
}

function skipSpace(text: string, offset: number): number {
  let at = offset;
  while (/\s/.test(text[at] ?? "")) at++;
  return at;
}
