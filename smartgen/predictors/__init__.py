"""The seven systems of Table 3, one file each, and controls: what foretells a home's next action.

``REGISTRY`` holds those that rank actions after a history of actions or behaviors, under both protocols;
``TOKEN_REGISTRY`` those that the release ranks among sampled tokens (protocol released).
"""

from typing import Final

REGISTRY: Final = {
    "hmm": "smartgen.predictors.hmm:HmmPredictor",
    "fpmc": "smartgen.predictors.fpmc:FpmcPredictor",
    "lstm": "smartgen.predictors.lstm:LstmPredictor",
    "carnn": "smartgen.predictors.carnn:CarnnPredictor",
    "caser": "smartgen.predictors.caser:CaserPredictor",
    "siar": "smartgen.predictors.siar:SiarPredictor",
    "sasrec": "smartgen.predictors.sasrec:SasrecPredictor",
    "popular": "smartgen.predictors.popular:PopularPredictor",
    "markov": "smartgen.predictors.markov:MarkovPredictor",
}
TOKEN_REGISTRY: Final = {
    "sasrec": "smartgen.predictors.sasrec:TokenSasrecPredictor",
    "device": "smartgen.predictors.device:DevicePredictor",
}
