"""Synthesis: new sequences by an LLM (``live``), and by controls without one (``walk``, ``resample``)."""
