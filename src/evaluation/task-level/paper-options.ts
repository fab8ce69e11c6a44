/** The two ways of evaluating the paper's method. */
export const paperVariants = {
  /** The best model on average and all reference pairs are measured without the new task. */
  clean: { averageIncludesTask: false, referencesIncludeTask: false },
  /** As in the paper: its best model on average has seen the new task, and so has the training set of its pairs. */
  as_published: { averageIncludesTask: true, referencesIncludeTask: true },
} as const;

export type PaperVariant = keyof typeof paperVariants;

/** The task-level rules that are compared. */
export const paperRules = ["bma", "s1", "s2", "s3", "s3_true_p", "best_per_task", "random"] as const;
export type PaperRule = (typeof paperRules)[number];
