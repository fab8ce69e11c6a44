import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { EncoderFiles } from "../encoder/files.ts";
import type { EncoderInput } from "../encoder/session.ts";
import { createPortableSession } from "./portable-session.ts";

const port = parentPort as MessagePort;
const session = await createPortableSession(workerData as EncoderFiles);

// What an input throws ends the thread and reaches the one who waits for its embedding.
port.on("message", async (input: EncoderInput) => {
  port.postMessage(await session.embed(input));
});
