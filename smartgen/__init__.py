"""SmartGen: sequences for a smart home's new context, written by an LLM from the old log, and their worth.

Stages are functions (``smartgen.stages``), detectors and predictors are trained on what they give, protocols
say how a number is measured, and ``conf/`` says what one cell of an experiment is.
"""

__version__ = "0.1.0"
