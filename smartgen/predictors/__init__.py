"""Next-action predictors, one file a system; none is here yet."""
