"""Minerva: federated learning whose updates are verified and aggregated by miners on a blockchain."""

__version__ = "0.1.0"
