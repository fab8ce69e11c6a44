/** What learning needs of a D1 database. */
export interface LearningDatabase {
  prepare(sql: string): LearningStatement;
  /** All of them, or none. */
  batch(statements: readonly LearningStatement[]): Promise<readonly Answer[]>;
}

export interface LearningStatement {
  bind(...values: readonly (string | number | null)[]): LearningStatement;
  run(): Promise<Answer>;
  all(): Promise<Answer>;
}

interface Answer {
  readonly results: readonly Readonly<Record<string, unknown>>[];
  readonly meta: { readonly changes: number };
}

/** What it needs of the KV namespace: its own writes are seen by its next reads of the same place. */
export interface LearningStorage {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}
