"""The report as one self-contained page: tables, figures, the audit, and where it all comes from."""
