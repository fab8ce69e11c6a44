import { type GateCandidate, gateChoice } from "../../core/paper/gate.ts";
import { scoreS1, scoreS2, scoreS3, verdict, verdictAccuracy } from "../../core/paper/scores.ts";
import { type ReferencePair, smoothAccuracy } from "../../core/paper/verdict-accuracy.ts";
import type { Matrix } from "../../numerics/matrix.ts";
import type { Random } from "../../numerics/random.ts";
import { type Evidence, gatherEvidence } from "./evidence.ts";
import { type PaperRule, type PaperVariant, paperVariants } from "./paper-options.ts";
import { bestModel, meansOn } from "./task-choice.ts";
import type { Task, TaskData } from "./task-data.ts";

/** What the paper's rules choose for one task, and how good their estimates were. */
export interface TaskOutcome {
  readonly task: Task;
  readonly labels: number;
  /** u(d') */
  readonly distance: number;
  /** Mean score on the task's unlabeled prompts of what each rule chooses. */
  readonly scores: Readonly<Record<PaperRule, number>>;
  /** [models] share of right verdicts; NaN without results. */
  readonly trueAccuracy: Float64Array;
  /** [models] the smoother's estimate of it. */
  readonly estimatedAccuracy: Float64Array;
}

/** Measures tasks under one variant; what tasks have in common is measured once. */
export function preparePaper(data: TaskData, variant: PaperVariant, alpha: number) {
  const { averageIncludesTask, referencesIncludeTask } = paperVariants[variant];
  const measured = new Map<string, MeasuredTask>();

  function measure(task: Task, without: number): MeasuredTask {
    const key = `${task.index} ${without}`;
    const known = measured.get(key);
    if (known !== undefined) return known;
    const labels = movedPrompts(task, alpha);
    const fresh = measureTask(data, gatherEvidence(data, task, labels, without));
    measured.set(key, fresh);
    return fresh;
  }

  return (task: Task, random: Random): TaskOutcome => {
    const { models } = data.dataset;
    const others = data.tasks.filter(({ group }) => group !== task.group);
    const own = measure(task, -1);
    const references = others.map((other) => measure(other, referencesIncludeTask ? -1 : task.group));
    const averages = averageScores(data, averageIncludesTask ? data.tasks : others);
    const estimatedAccuracy = Float64Array.from(models, (_, m) =>
      smoothAccuracy(
        references.map(({ distance, accuracy }): ReferencePair => ({ distance, accuracy: accuracy[m] })),
        own.distance,
      ),
    );
    const s3 = (accuracy: Float64Array) => own.s2.map((s2, m) => scoreS3(s2, accuracy[m]));
    const choose = (values: Float64Array) => bestModel(values, own.results, averages, models);
    const bma = choose(averages);
    const candidates = models.map(
      (_, m): GateCandidate => ({
        positives: own.positives[m],
        negatives: own.prompts - own.positives[m],
        accuracy: estimatedAccuracy[m],
      }),
    );
    const byS3 = choose(s3(estimatedAccuracy));
    const gated = Number.isNaN(estimatedAccuracy[bma]) ? byS3 : gateChoice(candidates, byS3, bma, random);
    const scoreOf = (model: number) => own.results[model];
    return {
      task,
      labels: movedPrompts(task, alpha),
      distance: own.distance,
      trueAccuracy: own.accuracy,
      estimatedAccuracy,
      scores: {
        bma: scoreOf(bma),
        s1: scoreOf(choose(own.s1)),
        s2: scoreOf(choose(own.s2)),
        s3: scoreOf(gated),
        s3_true_p: scoreOf(choose(s3(own.accuracy))),
        best_per_task: scoreOf(choose(own.results)),
        random: meanKnown(own.results),
      },
    };
  };
}

interface MeasuredTask {
  readonly prompts: number;
  readonly distance: number;
  /** [models] each. */
  readonly s1: Float64Array;
  readonly s2: Float64Array;
  readonly positives: Float64Array;
  readonly accuracy: Float64Array;
  readonly results: Float64Array;
}

function measureTask({ dataset }: TaskData, { g, prompts, distance }: Evidence): MeasuredTask {
  const perModel = dataset.models.map((_, m) => ({
    g: columnOf(g, m),
    scores: columnOf(dataset.outcomes, m, prompts),
  }));
  return {
    prompts: prompts.length,
    distance,
    s1: Float64Array.from(perModel, (model) => scoreS1(model.g)),
    s2: Float64Array.from(perModel, (model) => scoreS2(model.g)),
    positives: Float64Array.from(perModel, (model) =>
      model.g.reduce((sum, value) => sum + verdict(value), 0),
    ),
    accuracy: Float64Array.from(perModel, (model) => verdictAccuracy(model.g, model.scores)),
    results: meansOn(dataset, prompts),
  };
}

/** One column, of these rows. */
function columnOf({ columns, data, rows }: Matrix, column: number, indices?: Int32Array): Float64Array {
  const values = new Float64Array(indices?.length ?? rows);
  for (let i = 0; i < values.length; i++) {
    values[i] = data[(indices === undefined ? i : indices[i]) * columns + column];
  }
  return values;
}

/** min(alpha n, 50) prompts, but never all. */
export function movedPrompts({ prompts, cosinesToMoved }: Task, alpha: number): number {
  return Math.min(Math.floor(alpha * prompts.length), cosinesToMoved.columns, prompts.length - 1);
}

/** [models] mean over the tasks of each model's mean score; NaN for a model without results. */
export function averageScores({ dataset }: TaskData, tasks: readonly Task[]): Float64Array {
  const sums = new Float64Array(dataset.models.length);
  const counts = new Float64Array(dataset.models.length);
  for (const { prompts } of tasks) {
    meansOn(dataset, prompts).forEach((mean, m) => {
      if (Number.isNaN(mean)) return;
      sums[m] += mean;
      counts[m] += 1;
    });
  }
  return sums.map((sum, m) => sum / counts[m]);
}

function meanKnown(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
