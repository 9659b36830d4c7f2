"""Hydra's plugin ``hydra/sweeper: smartgen``; Hydra looks for sweepers in this folder alone."""
