"""The seven systems of Table 3, one file each, and controls: what foretells a home's next action.

``REGISTRY`` holds those that rank actions after a history of actions or behaviors, under both protocols: the
one public class ``...Predictor`` of each file. ``TOKEN_REGISTRY`` holds those that the release ranks among
sampled tokens (protocol released): classes ``Token...Predictor``. ``_`` before a file's name makes it a
helper.
"""

from smartgen.core.models import PREDICTORS as REGISTRY
from smartgen.core.models import TOKEN_PREDICTORS as TOKEN_REGISTRY

__all__ = ["REGISTRY", "TOKEN_REGISTRY"]
