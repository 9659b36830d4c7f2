"""How networks are trained: Lightning modules around the plain networks of ``smartgen.nets``."""
