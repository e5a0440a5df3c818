"""Learning: tasks, weights, partitions, aggregation and the numerics of rule 4. Never web3, never the store."""
