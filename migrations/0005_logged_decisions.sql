-- What tells later how other choices would have done. NULL where a caller named the model, and in rows from before.
-- The decision's number, as in `feedback`; both have the same decided_at, whose index joins them.
ALTER TABLE decisions ADD COLUMN decision TEXT;
-- How it was to be chosen, as JSON.
ALTER TABLE decisions ADD COLUMN rule TEXT;
-- What the rule chose before any random draw, and with which probability `model` was chosen.
ALTER TABLE decisions ADD COLUMN policy_model TEXT;
ALTER TABLE decisions ADD COLUMN propensity REAL;
-- JSON: [[model, probability of a correct answer, expected USD, 1 where it could have been drawn], ...]
ALTER TABLE decisions ADD COLUMN candidates TEXT;
ALTER TABLE decisions ADD COLUMN cheapest_p REAL;
ALTER TABLE decisions ADD COLUMN best_on_average_model TEXT;
ALTER TABLE decisions ADD COLUMN best_on_average_p REAL;
