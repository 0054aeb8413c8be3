"""What AWS Lambda calls, by the names that the template gives as handlers."""

import os

from orgrollout.service.functions import Functions

_FUNCTIONS = Functions(environment=os.environ)
tick = _FUNCTIONS.tick
start = _FUNCTIONS.start
reconcile = _FUNCTIONS.reconcile
drift = _FUNCTIONS.drift
look = _FUNCTIONS.look
tampered = _FUNCTIONS.tampered
