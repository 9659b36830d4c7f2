"""Plain networks; how they are trained stands in ``smartgen.training``."""
