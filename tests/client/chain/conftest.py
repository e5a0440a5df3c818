"""As a conftest it makes this folder's helpers importable."""
