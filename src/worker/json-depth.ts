const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 91, 93, 123, 125];

/** Whether objects and arrays of JSON text stand more than `limit` deep in each other. */
export function isDeeperThan(json: Uint8Array, limit: number): boolean {
  let depth = 0;
  for (let k = 0; k < json.length; k++) {
    const byte = json[k];
    if (byte === QUOTE) {
      k = endOfString(json, k);
      if (k < 0) return false; // not valid JSON, as the parser will say
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > limit) return true;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
  }
  return false;
}

/** Where the string that opens at `start` ends; -1 where it doesn't. */
function endOfString(json: Uint8Array, start: number): number {
  for (let end = json.indexOf(QUOTE, start + 1); end >= 0; end = json.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
