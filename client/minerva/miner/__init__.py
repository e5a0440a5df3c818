"""The miner: takes updates in, verifies them, votes, mines, attests; with a ledger and an HTTP API."""

import os

# Processes share the cores; OpenBLAS reads this once, when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
