-- Which of its API key's rows of that day a row is, so that a key's rows a day are bounded without counting them.
-- Days since 1970, in UTC; NULL in rows from before.
ALTER TABLE feedback ADD COLUMN day INTEGER;
ALTER TABLE feedback ADD COLUMN of_day INTEGER;

CREATE INDEX feedback_of_day ON feedback (key_name, day, of_day);
