"""A simulated home that is part of the program: no data file, six contexts, one household a seed."""

from smartgen.data.demo.noise import Noise
from smartgen.data.demo.simulate import CONTEXTS, demo_home, simulate
from smartgen.data.demo.vocabulary import demo_vocabulary

__all__ = ["CONTEXTS", "Noise", "demo_home", "demo_vocabulary", "simulate"]
