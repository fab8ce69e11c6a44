import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { loadPredictor } from "../../src/core/bundle.ts";
import { percentiles } from "./statistics.ts";

// Time of one prediction: `node test/bench/heads.ts models/default/bundle.safetensors ...`. Bundles take turns; ms.
const ROUNDS = 300;
const WARM_UP = 100;

const { positionals } = parseArgs({ allowPositionals: true });
const bundles = await Promise.all(
  positionals.map(async (file) => {
    const loaded = loadPredictor(new Uint8Array(await readFile(file)));
    if (!loaded.ok) throw new Error(`${file}: ${loaded.failure.message}`);
    return { file, predictor: loaded.value, times: [] as number[] };
  }),
);
let check = 0;
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const { predictor, times } of bundles) {
    const embedding = unitVector(predictor.encoder.dimension, round);
    const start = performance.now();
    const { pCorrect, nearestTasks } = predictor.predict(embedding);
    if (round >= 0) times.push(performance.now() - start);
    check += pCorrect.reduce((sum, p) => sum + p, 0) + (nearestTasks[0]?.similarity ?? 0);
  }
}
console.table(
  bundles.map(({ file, predictor, times }) => ({
    file,
    kind: predictor.kind,
    models: predictor.models.length,
    ...percentiles(times),
  })),
);
// Equal before and after a change that must keep results.
console.log(`checksum ${check}`);

function unitVector(dimension: number, seed: number): Float32Array {
  const values = Float32Array.from({ length: dimension }, (_, k) => Math.sin(seed * 977 + k * k * 0.37));
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
