"""Trainings as Lightning has them: modules that are imported only where something is trained.

What scores stands beside this package, in files of the same names, and needs torch alone.
"""
