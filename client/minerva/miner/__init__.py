"""The miner: takes updates in, verifies them, votes, mines, attests; with a ledger and an HTTP API."""
