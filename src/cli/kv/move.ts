import { parseCatalogue } from "../../contract/catalogue.ts";
import { encoderFileNames, kvKeys, type Pointer, promoteCanary, rollBack } from "../../contract/pointer.ts";
import { loadPredictor } from "../../core/bundle.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { checksumOf } from "../../encoder/files.ts";
import type { KeyValue } from "./key-value.ts";
import { movePointer, type PointerMoveCode, readLivePointer } from "./upload.ts";

type MoveCode = PointerMoveCode | "nothing_live" | "no_canary" | "no_previous" | "content_damaged";

interface Move {
  readonly pointer: Pointer;
  /** What was done, for people. */
  readonly done: string;
}

/** The canary becomes live for everyone; what was live is remembered. */
export async function promote(
  kv: KeyValue,
  now: Date,
  dryRun: boolean,
  onProgress: (line: string) => void = () => undefined,
): Promise<Result<Move, MoveCode>> {
  return move(kv, dryRun, onProgress, (before) => {
    const pointer = promoteCanary(before, now.toISOString());
    return pointer.ok ? ok({ pointer: pointer.value, done: "The canary is live for everyone." }) : pointer;
  });
}

/** The canary is taken back, or where none runs, the state before the live one returns. */
export async function rollback(
  kv: KeyValue,
  now: Date,
  dryRun: boolean,
  onProgress: (line: string) => void = () => undefined,
): Promise<Result<Move, MoveCode>> {
  return move(kv, dryRun, onProgress, (before) => {
    const rolled = rollBack(before, now.toISOString());
    if (!rolled.ok) return rolled;
    const { pointer, ended } = rolled.value;
    const done =
      ended === "canary"
        ? "The canary has ended; the live bundle was left as it is."
        : `Back to what was published ${pointer.published_at}.`;
    return ok({ pointer, done });
  });
}

async function move(
  kv: KeyValue,
  dryRun: boolean,
  onProgress: (line: string) => void,
  next: (before: Pointer) => Result<Move, MoveCode>,
): Promise<Result<Move, MoveCode>> {
  const before = await readLivePointer(kv);
  if (before === undefined) return fail("nothing_live", "nothing is live; publish a bundle first");
  const planned = next(before);
  if (!planned.ok) return planned;
  const intact = await checkContent(kv, planned.value.pointer);
  if (!intact.ok) return intact;
  if (dryRun) return planned;
  const moved = await movePointer(kv, before, planned.value.pointer, onProgress);
  return moved.ok ? planned : moved;
}

/** Whether everything that the pointer makes live is there and intact. */
async function checkContent(
  kv: KeyValue,
  { bundle, catalogue, encoder }: Pointer,
): Promise<Result<null, "content_damaged">> {
  const manifest = await kv.get(kvKeys.encoder(encoder, "manifest"));
  const bundleBytes = await kv.get(kvKeys.bundle(bundle));
  const catalogueBytes = await kv.get(kvKeys.catalogue(catalogue));
  const faults: string[] = [];
  for (const [key, bytes, sha256] of [
    [kvKeys.encoder(encoder, "manifest"), manifest, encoder],
    [kvKeys.bundle(bundle), bundleBytes, bundle],
    [kvKeys.catalogue(catalogue), catalogueBytes, catalogue],
  ] as const) {
    if (bytes === undefined) faults.push(`${key} is missing`);
    else if ((await checksumOf(bytes)) !== sha256) faults.push(`${key} is damaged`);
  }
  if (faults.length === 0) {
    const stored = new Set(await kv.list(`encoder/${encoder}/`));
    for (const name of encoderFileNames) {
      const key = kvKeys.encoder(encoder, name);
      if (!stored.has(key)) faults.push(`${key} is missing`);
    }
    if (!loadPredictor(bundleBytes as Uint8Array).ok) faults.push("this version can't read the bundle");
    if (!parseCatalogue(catalogueBytes as Uint8Array).ok)
      faults.push("this version can't read the catalogue");
  }
  if (faults.length === 0) return ok(null);
  return fail("content_damaged", `${faults.join("; ")}; the pointer was left alone`);
}
