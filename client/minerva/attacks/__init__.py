"""Attacks of malicious devices and miners, for tests and for the lab."""
