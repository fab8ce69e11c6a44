-- One row a decision, where the variable DECISION_LOG is `d1`. Nothing of the prompt is in it.
CREATE TABLE decisions (
  -- Unix seconds.
  decided_at INTEGER NOT NULL,
  model TEXT NOT NULL,
  reason TEXT NOT NULL,
  bundle TEXT NOT NULL,
  -- `live` or `canary`.
  role TEXT NOT NULL,
  -- Name of the API key; NULL where the Worker is open.
  key_name TEXT,
  path TEXT NOT NULL,
  p_correct REAL NOT NULL,
  expected_usd REAL NOT NULL,
  familiarity REAL NOT NULL,
  cache_hit INTEGER NOT NULL,
  -- What the cheapest candidate, and the one that is best on average, were expected to cost.
  cheapest_usd REAL NOT NULL,
  best_on_average_usd REAL NOT NULL,
  -- NULL without a shadow.
  shadow_bundle TEXT,
  shadow_model TEXT,
  shadow_p_correct REAL,
  shadow_usd REAL
) STRICT;

CREATE INDEX decisions_decided_at ON decisions (decided_at);
