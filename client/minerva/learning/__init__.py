"""Learning: tasks, weights, partitions, aggregation and the numerics of rule 4; no chain, no store."""
