"""Scripts that brownie runs."""
