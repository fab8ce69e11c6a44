-- Whether the last day is unlike the month before: one row, counted anew some times a day by whichever isolate is first.
CREATE TABLE drift (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Unix seconds.
  checked_at INTEGER NOT NULL,
  -- JSON: [{"metric", "value", "low", "high", "days", "since"}, ...]
  findings TEXT NOT NULL
) STRICT;
