/**
 * Where the string literal that opens at `start` closes; -1 where it doesn't. Searched for, not matched: a regular
 * expression would need stack for every escape, of which a text may have millions.
 */
export function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
