/** What one isolate holds, in bytes, as V8 counts it: the part that Cloudflare limits to 128 MB. */
export interface IsolateMemory {
  /** JavaScript objects and compiled code; garbage that was not yet collected too. */
  readonly heap: number;
  /** Objects of the runtime behind JavaScript ones: requests, streams, headers. */
  readonly embedder: number;
  /** Array buffers and WebAssembly memories. */
  readonly backing: number;
  readonly total: number;
}

/** A connection to the inspector of one isolate in a local workerd. */
export interface Inspector {
  memory(): Promise<IsolateMemory>;
  /** The same after a full garbage collection: what is really held. */
  memoryHeld(): Promise<IsolateMemory>;
  close(): void;
}

/**
 * @param url what Miniflare's `getInspectorURL` gives
 * @param name of the Worker
 * @param poke makes the isolate run something: workerd collects garbage when it next enters the isolate
 */
export async function openInspector(
  url: URL,
  name: string,
  poke: () => Promise<unknown>,
): Promise<Inspector> {
  const socket = new WebSocket(new URL(`/core:user:${name}`, url));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`no inspector at ${url}`)), { once: true });
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let sent = 0;
  const call = (method: string): Promise<unknown> =>
    new Promise((resolve) => {
      sent++;
      waiting.set(sent, resolve);
      socket.send(JSON.stringify({ id: sent, method }));
    });
  await call("HeapProfiler.enable");
  const memory = async () => {
    const usage = (await call("Runtime.getHeapUsage")) as Readonly<Record<string, number>>;
    const heap = usage["usedSize"] ?? Number.NaN;
    const embedder = usage["embedderHeapUsedSize"] ?? Number.NaN;
    const backing = usage["backingStorageSize"] ?? Number.NaN;
    return { heap, embedder, backing, total: heap + embedder + backing };
  };
  return {
    memory,
    async memoryHeld() {
      // Twice: what the first collection finalizes only the second one frees. The answers come late or never.
      for (let k = 0; k < 2; k++) {
        void call("HeapProfiler.collectGarbage");
        await poke();
      }
      return memory();
    },
    close: () => socket.close(),
  };
}
