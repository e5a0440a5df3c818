"""Cross-verification of updates and re-derivation of blocks: what miners, observers and `minerva verify` share."""
