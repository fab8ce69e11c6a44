const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/** What JSON text has more of than `limits`: levels of objects and arrays in each other, or values; undefined for neither. */
export function excessOf(
  json: Uint8Array,
  limits: { readonly depth: number; readonly values: number },
): "depth" | "values" | undefined {
  let depth = 0;
  // Every value but the first of its array or object stands behind a comma, and that one behind the opening bracket.
  let values = 1;
  for (let k = 0; k < json.length; k++) {
    const byte = json[k];
    if (byte === QUOTE) {
      k = endOfString(json, k);
      if (k < 0) return undefined; // not valid JSON, as the parser will say
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > limits.depth) return "depth";
      if (++values > limits.values) return "values";
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    else if (byte === COMMA && ++values > limits.values) return "values";
  }
  return undefined;
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
