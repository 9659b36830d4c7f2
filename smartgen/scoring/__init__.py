"""New behaviors scored by kept models, lines of JSON in and out; `smartgen-score` is their edge."""
