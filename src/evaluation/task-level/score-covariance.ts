import type { ScoreCovariance } from "../../core/paper/joint-posterior.ts";
import type { Dataset } from "../../training/dataset.ts";
import { meansOn } from "./task-choice.ts";

/** Part of the covariance between models that is not believed: a dozen tasks tell little of some hundred pairs. */
const SHRINKAGE = 0.1;

/** How the models' scores move together over these tasks. @param tasks [tasks] prompts of each */
export function measureCovariance(dataset: Dataset, tasks: readonly Int32Array[]): ScoreCovariance {
  const models = dataset.models.length;
  const means = tasks.map((prompts) => meansOn(dataset, prompts));
  const center = columnMeans(means, models);
  const betweenTasks = covarianceOf(
    means.map((row) => row.map((mean, m) => mean - center[m])),
    models,
  );
  for (let a = 0; a < models; a++) {
    for (let b = 0; b < models; b++) {
      const cell = a * models + b;
      if (a !== b) betweenTasks[cell] *= 1 - SHRINKAGE;
    }
  }
  const residuals = tasks.flatMap((prompts, d) =>
    Array.from(prompts, (i) =>
      Float64Array.from({ length: models }, (_, m) => dataset.outcomes.data[i * models + m] - means[d]?.[m]),
    ),
  );
  return { betweenTasks, withinTask: covarianceOf(residuals, models) };
}

/** Mean products over the rows where both are known; 0 where none is. */
function covarianceOf(rows: readonly Float64Array[], models: number): Float64Array {
  const sums = new Float64Array(models * models);
  const counts = new Float64Array(models * models);
  for (const values of rows) {
    for (let a = 0; a < models; a++) {
      if (Number.isNaN(values[a])) continue;
      for (let b = 0; b <= a; b++) {
        const product = values[a] * values[b];
        if (Number.isNaN(product)) continue;
        sums[a * models + b] += product;
        counts[a * models + b] += 1;
      }
    }
  }
  const covariance = new Float64Array(models * models);
  for (let a = 0; a < models; a++) {
    for (let b = 0; b <= a; b++) {
      const value = sums[a * models + b] / Math.max(counts[a * models + b], 1);
      covariance[a * models + b] = value;
      covariance[b * models + a] = value;
    }
  }
  return covariance;
}

function columnMeans(rows: readonly Float64Array[], columns: number): Float64Array {
  return Float64Array.from({ length: columns }, (_, m) => {
    const known = rows.map((row) => row[m]).filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}
