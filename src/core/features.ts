/** Where the landmarks and benchmark tasks lie in embedding space; what features of a prompt are measured against. */
export interface Geometry {
  readonly dimension: number;
  /** [landmarks, dimension] unit vectors. */
  readonly landmarks: Float32Array;
  /** [tasks, dimension] unit vectors: the mean direction of each task's prompts. */
  readonly centroids: Float32Array;
  /** Sharpness of the kernel exp(gamma (cosine - 1)). */
  readonly gamma: number;
  /** Each power p adds one soft membership of the tasks: cosine^p, normalised to sum to 1. */
  readonly mixturePowers: readonly number[];
}

/** How near one prompt is to everything in the geometry. */
export interface Nearness {
  /** [landmarks] */
  readonly landmarkCosines: Float64Array;
  /** [tasks] */
  readonly taskCosines: Float64Array;
}

// A prompt at a right angle to every centroid still gets memberships that sum to 1.
const SMALLEST_COSINE = 1e-6;

export function featureCount({ landmarks, centroids, dimension, mixturePowers }: Geometry): number {
  return landmarks.length / dimension + (centroids.length / dimension) * mixturePowers.length;
}

/** @param embedding [dimension], of unit length */
export function measureNearness(geometry: Geometry, embedding: Float32Array): Nearness {
  return {
    landmarkCosines: dotRows(geometry.landmarks, embedding),
    taskCosines: dotRows(geometry.centroids, embedding),
  };
}

/** [features]: the landmark kernels, then the memberships of each power. */
export function featuresOf(geometry: Geometry, { landmarkCosines, taskCosines }: Nearness): Float64Array {
  const features = new Float64Array(featureCount(geometry));
  const { gamma, mixturePowers } = geometry;
  for (let j = 0; j < landmarkCosines.length; j++) {
    features[j] = Math.exp(gamma * ((landmarkCosines[j] as number) - 1));
  }
  let offset = landmarkCosines.length;
  for (const power of mixturePowers) {
    features.set(taskMemberships(taskCosines, power), offset);
    offset += taskCosines.length;
  }
  return features;
}

/** [tasks] how much the prompt belongs to each task, summing to 1. */
export function taskMemberships(taskCosines: ArrayLike<number>, power: number): Float64Array {
  const memberships = Float64Array.from(taskCosines, (cosine) => Math.max(cosine, SMALLEST_COSINE) ** power);
  const sum = memberships.reduce((total, value) => total + value, 0);
  return memberships.map((value) => value / sum);
}

/** Dot product of each row with the vector. Four sums at a time, or the processor waits for each addition. */
function dotRows(rows: Float32Array, vector: Float32Array): Float64Array {
  const { length } = vector;
  const products = new Float64Array(rows.length / length);
  for (let i = 0, start = 0; i < products.length; i++, start += length) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let j = 0; j < length; j += 4) {
      const k = start + j;
      a += (rows[k] as number) * (vector[j] as number);
      b += (rows[k + 1] as number) * (vector[j + 1] as number);
      c += (rows[k + 2] as number) * (vector[j + 2] as number);
      d += (rows[k + 3] as number) * (vector[j + 3] as number);
    }
    products[i] = a + b + c + d;
  }
  return products;
}
