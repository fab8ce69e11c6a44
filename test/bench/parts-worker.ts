import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { parsePointer } from "../../src/contract/pointer.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { decide } from "../../src/core/decide.ts";
import type { Result } from "../../src/core/result.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { verifyEncoderFiles } from "../../src/encoder/files.ts";
import { type EncoderManifest, parseManifest } from "../../src/encoder/manifest.ts";
import type { EncoderSession } from "../../src/encoder/session.ts";
import { createTokenizer, type Tokenizer } from "../../src/encoder/tokenizer.ts";
import { allBackends } from "../../src/worker/backends/all-backends.ts";
import { chooseBackend } from "../../src/worker/backends/encoder-backend.ts";
import { parseBindings } from "../../src/worker/state/bindings.ts";
import { readByChecksum, readEncoderFiles, readPointer } from "../../src/worker/state/store.ts";

// The parts of a decision with a clock between them, for the bench. workerd on one's own machine has a running clock.

interface Opened {
  readonly tokenizer: Tokenizer;
  readonly session: EncoderSession;
  readonly manifest: EncoderManifest;
  readonly predict: (embedding: Float32Array) => void;
  readonly steps: Readonly<Record<string, number>>;
}

let opened: Opened | undefined;

// A local KV has no edge that would keep anything.
const CACHE_TTL_SECONDS = 30;

export default {
  async fetch(request: Request, env: Readonly<Record<string, unknown>>): Promise<Response> {
    const text = await request.text();
    if (opened === undefined) {
      opened = await open(env, text);
      return Response.json(opened.steps);
    }
    const { tokenizer, session, manifest, predict } = opened;
    const input = encodeText(tokenizer, text, manifest.input);
    const embedding = await session.embed(input);
    return Response.json({
      encoder: await timeRepeatedly(() => session.embed(input)),
      heads: await timeRepeatedly(() => predict(embedding)),
    });
  },
};

// The clock shows whole milliseconds.
const LONG_ENOUGH_MS = 30;

/** Mean milliseconds of one run. */
async function timeRepeatedly(work: () => unknown): Promise<number> {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    await work();
    const elapsed = performance.now() - start;
    if (elapsed >= LONG_ENOUGH_MS) return elapsed / runs;
  }
}

/** From nothing to the first decision, one step after the other except the KV reads. Milliseconds by step. */
async function open(env: Readonly<Record<string, unknown>>, text: string): Promise<Opened> {
  const steps: Record<string, number> = {};
  async function step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await work();
    steps[name] = performance.now() - start;
    return value;
  }
  const { kv, encoderBackend } = unwrap(parseBindings(env));
  const backend = allBackends[unwrap(chooseBackend(encoderBackend, allBackends))];
  const pointer = await step("pointer", async () =>
    unwrap(parsePointer(unwrap(await readPointer(kv)) as Uint8Array)),
  );
  const [files, bundle, catalogue] = await step("kv", () =>
    Promise.all([
      readEncoderFiles(kv, pointer.encoder, CACHE_TTL_SECONDS).then(unwrap),
      readByChecksum(kv, "bundle", pointer.bundle).then(unwrap),
      readByChecksum(kv, "catalogue", pointer.catalogue).then(unwrap),
    ]),
  );
  await step("checksums", () => verifyEncoderFiles(files).then(unwrap));
  const session = await step("session", () => backend.openSession(files));
  const tokenizer = await step("tokenizer", () => unwrap(createTokenizer(files.tokenizer)));
  const predictor = await step("bundle", () => unwrap(loadPredictor(bundle)));
  const prices = await step("catalogue", () => unwrap(parseCatalogue(catalogue)));
  const manifest = unwrap(parseManifest(files.manifest));
  const predict = (embedding: Float32Array) => {
    const request = { inputTokens: 100, require: { capabilities: [] }, rule: { kind: "quality" } as const };
    unwrap(decide(predictor, prices, predictor.predict(embedding), request));
  };
  const embedding = await step("first text", () =>
    session.embed(encodeText(tokenizer, text, manifest.input)),
  );
  await step("first decision", () => predict(embedding));
  return { tokenizer, session, manifest, predict, steps };
}

function unwrap<T>(result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.failure.code}: ${result.failure.message}`);
}
