"""Where paper and release part: stated in `experiments/audit/`, and checked here where that can be done.

A file of `experiments/audit/` is a topic; the module of the same name holds its checks, one function a
discrepancy (``d01``). What has no function is told on the word of whoever read the authors' code.
"""
