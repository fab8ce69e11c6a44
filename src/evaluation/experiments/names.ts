/** What can be measured besides the table of routers, each where its protocol fits. */
export const experimentNames = [
  "paper",
  "few-labels",
  "hidden-blocks",
  "robustness",
  "new-model",
  "words-first",
  "loto",
] as const;
export type Experiment = (typeof experimentNames)[number];
