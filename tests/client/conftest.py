"""Fixtures of all client tests; as a conftest it also makes this folder's helpers importable."""
