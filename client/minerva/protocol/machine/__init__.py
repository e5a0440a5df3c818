"""The executable specification: the contracts' rules (docs/SPECIFICATION.md) in plain Python.

`World` takes one action at a time and either returns the events in the contracts' order or raises the
contracts' typed error and leaves everything as it was. One class stands for one contract.
"""

from minerva.protocol.machine.consensus import Claim, ConsensusMachine
from minerva.protocol.machine.proof_of_work import meets, pow_seed
from minerva.protocol.machine.world import Emitted, World

__all__ = ["Claim", "ConsensusMachine", "Emitted", "World", "meets", "pow_seed"]
