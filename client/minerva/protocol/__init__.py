"""The protocol itself: pure functions and values, no I/O, no torch, no web3, no Flask."""
