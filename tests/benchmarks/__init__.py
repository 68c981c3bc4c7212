"""What Hamlet costs, against named alternatives: `make bench`."""

import os

# As in Hamlet's worker: waiting threads do not spin. It is read when the first library with such threads is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
