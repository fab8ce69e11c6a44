type Listener = (isReached: boolean) => void;

const listeners = new Set<Listener>();
let last: boolean | undefined;

/** Whether the Worker was reached, as every call finds it: an answer that is a fault was an answer. */
export function tellReach(isReached: boolean): void {
  if (isReached === last) return;
  last = isReached;
  for (const listener of listeners) listener(isReached);
}

/** Tells when the connection is lost or back. @returns what ends it */
export function onReach(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
