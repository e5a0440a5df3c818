"""The device's role: train on private data, commit on the chain, serve the bytes, follow the blocks."""
