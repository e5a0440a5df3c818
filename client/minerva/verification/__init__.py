"""Cross-verification of updates and re-derivation of blocks, shared by miners and observers."""
