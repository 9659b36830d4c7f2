"""The W&B mirror of the records: what a run says (pure), and how it is written, live or later."""
