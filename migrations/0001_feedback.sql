-- What came of decisions. No prompt is stored: the int8 embedding stands for it.
CREATE TABLE feedback (
  -- The decision's own number, hexadecimal; its token is never stored.
  decision TEXT NOT NULL,
  -- The model that answered, by its id in the catalogue.
  model TEXT NOT NULL,
  -- In [0, 1].
  score REAL NOT NULL,
  comment TEXT,
  -- First 16 digits of the checksums of what decided.
  bundle TEXT NOT NULL,
  encoder TEXT NOT NULL,
  -- Base64 of int8 values.
  embedding TEXT NOT NULL,
  -- Unix seconds.
  decided_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- Name of the API key that sent it; NULL where the Worker is open.
  key_name TEXT,
  PRIMARY KEY (decision, model)
) STRICT;

CREATE INDEX feedback_received_at ON feedback (received_at);
