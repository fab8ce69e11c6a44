/** First-order optimizer of one array of parameters (Kingma and Ba 2015, arXiv 1412.6980; decay as in 1711.05101). */
export interface Adam {
  /** Moves the parameters, in place. */
  step(parameters: Float32Array, gradient: Float32Array, learningRate: number, weightDecay: number): void;
}

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

export function prepareAdam({ data: { length } }: { readonly data: Float32Array }): Adam {
  const first = new Float32Array(length);
  const second = new Float32Array(length);
  let steps = 0;
  return {
    step(parameters, gradient, learningRate, weightDecay) {
      steps++;
      const firstScale = 1 / (1 - FIRST_DECAY ** steps);
      const secondScale = 1 / (1 - SECOND_DECAY ** steps);
      for (let k = 0; k < length; k++) {
        const slope = gradient[k];
        const a = FIRST_DECAY * first[k] + (1 - FIRST_DECAY) * slope;
        const b = SECOND_DECAY * second[k] + (1 - SECOND_DECAY) * slope * slope;
        first[k] = a;
        second[k] = b;
        const value = parameters[k];
        const direction = (a * firstScale) / (Math.sqrt(b * secondScale) + EPSILON);
        parameters[k] = value - learningRate * (direction + weightDecay * value);
      }
    },
  };
}
