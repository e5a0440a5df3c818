"""What all tests share."""

from __future__ import annotations

import signal

from hypothesis import settings

# How long an example takes says more of the machine than of the code. Every run tries the same examples; `make
# test-deep` tries new ones.
settings.register_profile("minerva", deadline=None, derandomize=True)
settings.register_profile("deep", deadline=None, max_examples=1000)
settings.load_profile("minerva")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A job in the background of a shell without job control ignores Ctrl-C, and so would every process it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
