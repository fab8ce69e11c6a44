import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCatalogue } from "../../contract/catalogue.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import { decide } from "../../core/decide.ts";
import type { Predictor } from "../../core/predictor.ts";
import { dayOf, describeRetirement, retirements } from "../../core/service-life.ts";
import type { LocalEncoder } from "../../embedding/embed-texts.ts";
import type { Encoder } from "../../encoder/encoder.ts";
import { openEncoder } from "../encoder.ts";
import { unwrap } from "../failure.ts";
import { readPublication } from "../kv/publication.ts";
import { attempt, type Check, failed, PROMPT, pass, skipped } from "./check.ts";
import { checkAccelerator, checkEmbedding } from "./embedding.ts";

/** The encoder's files, an embedding, and a bundle with its catalogue, all without a Worker. */
export async function checkRouter(bundle: string, encoderDirectory: string): Promise<readonly Check[]> {
  let encoder: LocalEncoder | undefined;
  const files = await attempt(
    "encoder",
    "fetch models/encoder again; with your own, name its folder with --encoder",
    async () => {
      encoder = await openEncoder(encoderDirectory);
      return pass("encoder", `${encoder.id}, every file has its checksum`);
    },
  );
  if (encoder === undefined) {
    const without = "needs the encoder";
    return [
      ...[files, skipped("embedding", without), skipped("accelerator", without)],
      ...(await checkBundle(bundle, undefined)),
    ];
  }
  return [
    ...[
      files,
      await checkEmbedding(encoder, encoderDirectory),
      await checkAccelerator(encoder, encoderDirectory),
    ],
    ...(await checkBundle(bundle, encoder)),
  ];
}

/** Fails where all is gone that the bundle could choose; what is gone or leaves soon is named. */
function checkCatalogue(catalogue: Catalogue, { models }: Predictor, today: string): Check {
  const prices = `${Object.keys(catalogue.models).length} models, prices as of ${catalogue.pricesAsOf}`;
  const leaving = retirements(catalogue, today, (model) => models.includes(model));
  if (leaving.length === 0) return pass("catalogue", prices);
  const detail = `${prices}; ${leaving.map(describeRetirement).join("; ")}`;
  if (leaving.filter(({ isOver }) => isOver).length === models.length) {
    return failed("catalogue", detail, "train on models of today, or take the bundled router");
  }
  return { ...pass("catalogue", detail), next: "`signalbox catalogue check` says what to do about each" };
}

async function checkBundle(folder: string, encoder: Encoder | undefined): Promise<readonly Check[]> {
  const publication = await readPublication(folder);
  if (!publication.ok) {
    const name = /^(catalogue_invalid|models_missing)$/.test(publication.failure.code)
      ? "catalogue"
      : "bundle";
    return [
      failed(name, publication.failure.message, `make it anew: \`signalbox train ... --out ${folder}\``),
    ];
  }
  const { predictor } = publication.value;
  const catalogue = unwrap(parseCatalogue(await readFile(join(folder, "catalogue.json"))));
  const bundle = `${predictor.kind}, ${predictor.models.length} models, ${predictor.tasks.length} tasks`;
  const today = dayOf(Date.now());
  const checks = [pass("bundle", bundle), checkCatalogue(catalogue, predictor, today)];
  if (encoder === undefined) return [...checks, skipped("decision", "needs the encoder")];
  if (predictor.encoder.checksum !== encoder.checksum) {
    const detail = `the bundle was trained on encoder ${predictor.encoder.id}, not on ${encoder.id}`;
    return [...checks, failed("decision", detail, "train again, or name the bundle's own --encoder")];
  }
  const decision = await attempt("decision", "report it with this output", async () => {
    const request = {
      inputTokens: 16,
      require: { capabilities: [] },
      rule: { kind: "quality" as const },
      today,
    };
    const prediction = predictor.predict(await encoder.embed(PROMPT));
    const { model, pCorrect } = unwrap(decide(predictor, catalogue, prediction, request));
    return pass("decision", `offline: ${model}, ${pCorrect.toFixed(3)}`);
  });
  return [...checks, decision];
}
