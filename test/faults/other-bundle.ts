import { readSafetensors, writeSafetensors } from "../../src/core/safetensors.ts";

/**
 * A bundle that decides otherwise: its models' names are moved on by so many places, so that each is predicted as
 * another one was. Mixing up two such bundles shows in the decisions.
 */
export function rotateModels(bundle: Uint8Array, places: number): Uint8Array {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  const { tensors, metadata } = file.value;
  const header = JSON.parse(metadata["signalbox"] ?? "") as { readonly models: readonly string[] };
  const models = [...header.models.slice(places), ...header.models.slice(0, places)];
  return writeSafetensors({ tensors, metadata: { signalbox: JSON.stringify({ ...header, models }) } });
}
