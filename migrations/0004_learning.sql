-- Where `learn` stands. One row: who holds it learns, and nobody else.
CREATE TABLE learning (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Checksum of the bundle that grades are held against; it was published by somebody, not learned.
  base TEXT NOT NULL,
  -- Rows of `feedback` up to this one are added up in `learning_evidence`, up to this one in what was published last, and
  -- up to this one in what was judged last.
  learned INTEGER NOT NULL,
  published INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  -- Unix milliseconds until which the holder may write.
  holder TEXT,
  held_until INTEGER NOT NULL
) STRICT;

-- What grades said of each model, added up: nothing of a prompt can be found in it.
CREATE TABLE learning_evidence (
  model TEXT PRIMARY KEY,
  -- Base64 of float64 values.
  cells TEXT NOT NULL
) STRICT;

-- What came of each attempt to learn, the history of learned bundles.
CREATE TABLE learning_runs (
  id INTEGER PRIMARY KEY,
  -- Unix seconds.
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  base TEXT NOT NULL,
  -- Rows of `feedback`: learned from those up to `cut`, judged on those behind it up to `until`.
  cut INTEGER NOT NULL,
  until INTEGER NOT NULL,
  -- `learning`, `publishing`, `published`, `declined` or `given_up`.
  stage TEXT NOT NULL,
  -- Checksum of what was learned.
  bundle TEXT,
  -- Why it was not published.
  reason TEXT,
  -- JSON: what it was judged by.
  figures TEXT
) STRICT;

-- What completions that were decided here took. Nothing of the prompt or the answer is in it.
CREATE TABLE completions (
  -- Unix seconds.
  ended_at INTEGER NOT NULL,
  model TEXT NOT NULL,
  -- By the bundle before anything was learned of lengths.
  expected_tokens REAL NOT NULL,
  visible_tokens REAL NOT NULL,
  -- Reasoning that is billed and not shown, and how much of it the catalogue assumes.
  hidden_tokens REAL NOT NULL,
  assumed_tokens REAL NOT NULL,
  input_tokens INTEGER NOT NULL,
  -- Name of the API key; NULL where the Worker is open.
  key_name TEXT
) STRICT;

CREATE INDEX completions_ended_at ON completions (ended_at);
