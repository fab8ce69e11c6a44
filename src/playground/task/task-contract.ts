/** The wire form of POST /v1/route/task. */

export interface TaskRequest {
  readonly prompts: readonly {
    readonly prompt: string;
    /** What models scored on it, 0 to 1, where that is known. */
    readonly outcomes?: Readonly<Record<string, number>>;
  }[];
}

export interface TaskResponse {
  /** The one model to use for all. */
  readonly model: string;
  readonly reason?: string;
  readonly ranking: readonly TaskCandidate[];
}

export interface TaskCandidate {
  readonly model: string;
  /** Mean probability of being right. */
  readonly s1: number;
  /** Share of prompts on which it is more likely right than wrong. */
  readonly s2: number;
  /** S2 corrected by how often such verdicts hold; null where nothing is known of that. */
  readonly s3: number | null;
  /** Expected score once the labels are counted. */
  readonly posterior: number;
  readonly labels?: number;
  readonly expected_usd?: number;
}
