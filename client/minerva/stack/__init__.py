"""The local stack: a dev chain, two IPFS nodes, deployed contracts and miners, each a process of its own."""
