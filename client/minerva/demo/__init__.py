"""The demo: a federation on real parts, with devices that cheat and a miner that dies."""
