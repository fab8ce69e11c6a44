const MOST_TRIES = 400;

/** A shorter input that still fails: ever smaller pieces are taken out while it does. */
export async function shrink(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let shortest = input;
  let tries = 0;
  for (let span = Math.ceil(input.length / 2); span >= 1 && tries < MOST_TRIES; span = Math.floor(span / 2)) {
    for (let at = 0; at < shortest.length && tries < MOST_TRIES; tries++) {
      const candidate = new Uint8Array([...shortest.subarray(0, at), ...shortest.subarray(at + span)]);
      if (await fails(candidate)) shortest = candidate;
      else at += span;
    }
  }
  return shortest;
}
