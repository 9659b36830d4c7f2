"""Answers of language models: parsing them, and replaying recorded ones."""
