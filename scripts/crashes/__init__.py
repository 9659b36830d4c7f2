"""What ``check_crashes.py`` does to smartgen, and how it finds out whether anything came of it."""
