-- What a caller's program noticed of an answer, where no person graded it.
CREATE TABLE signals (
  decision TEXT NOT NULL,
  model TEXT NOT NULL,
  -- `accepted`, `edited`, `regenerated`, `tests_passed` or `tool_call_failed`.
  signal TEXT NOT NULL,
  -- What SIGNALS made of it, in [0, 1].
  score REAL NOT NULL,
  -- Unix seconds.
  received_at INTEGER NOT NULL,
  PRIMARY KEY (decision, model, signal)
) STRICT, WITHOUT ROWID;

-- The signal that a score comes from; NULL where it was sent as a score.
ALTER TABLE feedback ADD COLUMN signal TEXT;
