"""The attack lab: attacks against aggregation rules, all devices of a round trained at once, without a chain."""
