import { parseCatalogue } from "../../contract/catalogue.ts";
import { kvKeys, type Pointer } from "../../contract/pointer.ts";
import { loadPredictor } from "../../core/bundle.ts";
import type { Predictor } from "../../core/predictor.ts";
import { printable } from "../terminal.ts";
import { catalogueChanges } from "./catalogue-changes.ts";
import type { KeyValue } from "./key-value.ts";
import { listedNames } from "./listed-names.ts";
import type { Publication } from "./publication.ts";

/** What a publication changes against the live bundle and catalogue, a sentence a line; empty where nothing is live. */
export async function changesBetween(
  kv: KeyValue,
  before: Pointer | undefined,
  { bundle, predictor, catalogue }: Publication,
): Promise<readonly string[]> {
  if (before === undefined) return [];
  const [oldBundle, oldCatalogue] = await Promise.all([
    kv.get(kvKeys.bundle(before.bundle)),
    kv.get(kvKeys.catalogue(before.catalogue)),
  ]);
  const lines: string[] = [];
  const old = oldBundle && loadPredictor(oldBundle);
  if (bundle.sha256 === before.bundle) lines.push("The bundle is the live one.");
  else if (oldBundle !== undefined && old?.ok) {
    lines.push(
      ...difference("Models", old.value.models, predictor.models),
      ...difference("Tasks", old.value.tasks, predictor.tasks),
      ...trainingPrompts(old.value, predictor),
      `Bundle: ${megabytes(oldBundle)} -> ${megabytes(bundle.bytes)} MB.`,
    );
  } else lines.push("The live bundle can't be read, so nothing can be compared with it.");
  if (catalogue.sha256 === before.catalogue) return lines;
  const live = oldCatalogue && parseCatalogue(oldCatalogue);
  if (live?.ok) lines.push(...catalogueChanges(live.value, catalogue.parsed));
  else lines.push("The live catalogue can't be read, so nothing can be compared with it.");
  return lines;
}

/** What a pointer says, for people. */
export function describePointer({ bundle, catalogue, canary, shadow }: Pointer): readonly string[] {
  return [
    `Live: bundle ${short(bundle)}, catalogue ${short(catalogue)}.`,
    ...(canary === undefined
      ? []
      : [`Canary: bundle ${short(canary.bundle)} for ${canary.percent} % of conversations.`]),
    ...(shadow === undefined ? [] : [`Shadow: bundle ${short(shadow.bundle)}.`]),
  ];
}

/** Enough of a checksum to tell two apart. */
function short(checksum: string): string {
  return checksum.slice(0, 12);
}

function difference(what: string, before: readonly string[], after: readonly string[]): readonly string[] {
  const added = after.filter((name) => !before.includes(name));
  const removed = before.filter((name) => !after.includes(name));
  const parts = [
    ...(added.length > 0 ? [`added ${listedNames(added)}`] : []),
    ...(removed.length > 0 ? [`removed ${listedNames(removed)}`] : []),
  ];
  return [printable(`${what}: ${parts.length === 0 ? `the same ${after.length}` : parts.join("; ")}.`)];
}

function trainingPrompts(before: Predictor, after: Predictor): readonly string[] {
  const [old, next] = [before, after].map(
    ({ header }) => (header["training"] as Training | undefined)?.prompts,
  );
  return old === undefined || next === undefined ? [] : [`Training prompts: ${old} -> ${next}.`];
}

interface Training {
  readonly prompts?: number;
}

function megabytes(bytes: Uint8Array): string {
  return (bytes.byteLength / 1e6).toFixed(2);
}
