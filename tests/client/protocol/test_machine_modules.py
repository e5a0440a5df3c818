"""Modules as federations' specifications use them (K10). tests/chain/stateful runs them beside the contracts."""

from __future__ import annotations

import pytest
from eth_abi import encode

from minerva.errors import ContractReverted
from minerva.protocol.machine import Claim
from minerva.protocol.machine.committee import CommitteeMachine
from minerva.protocol.machine.proof_of_reputation import ProofOfReputationMachine
from minerva.protocol.machine.proof_of_stake import ProofOfStakeMachine
from minerva.protocol.machine.proof_of_work import ProofOfWorkMachine
from minerva.protocol.records import ZERO32, ZERO_ADDRESS
from minerva.protocol.weights import ReputationTerms

FEDERATION = "0x" + "11" * 20
PARAMETERS = {
    "pow": encode(["uint64", "uint32"], [1, 10]),
    "pos": b"",
    "por": ReputationTerms(100, 1000, 900, 5, 20, 10).encode(),
    "committee": (2).to_bytes(32, "big"),
}
NAMES = list(PARAMETERS)
CLAIM = Claim(1, ZERO32, ZERO32, ZERO32, ZERO_ADDRESS, 0, 0, 0b111)


@pytest.fixture(params=NAMES)
def machine(request):
    """Each of the modules, and what it emitted."""
    plain = (ZERO_ADDRESS, 1, [].append)
    return {
        "pow": lambda: ProofOfWorkMachine(*plain),
        "pos": lambda: ProofOfStakeMachine(*plain, lambda _: (3 | 2 << 16 | 1 << 32, 0, 0, 0)),
        "por": lambda: ProofOfReputationMachine(*plain),
        "committee": lambda: CommitteeMachine(*plain),
    }[request.param]()


def everything(machine):
    """What can be asked of it."""
    return machine.weigh(FEDERATION, 0b111), machine.save()


def test_restoring_undoes_all_since(machine):
    machine.configure(FEDERATION, PARAMETERS[machine.name])
    before, saved = everything(machine), machine.save()
    machine.open(FEDERATION, 1, 0b111, ZERO32, 5)
    machine.on_slashed(FEDERATION, 1, 1)
    machine.on_timeout(FEDERATION, 1)
    machine.on_finalized(FEDERATION, 1, 100)
    machine.restore(saved)
    assert everything(machine) == before


def test_a_module_may_be_chosen_again(machine):
    """K10."""
    for _ in range(2):
        machine.configure(FEDERATION, PARAMETERS[machine.name])
        voters, _ = machine.open(FEDERATION, 1, 0b111, ZERO32, 5)
        assert machine.weigh(FEDERATION, voters) >= 2
        machine.on_slashed(FEDERATION, 1, 0)
        machine.on_finalized(FEDERATION, 1, 1)


@pytest.mark.parametrize("call", ["propose", "on_finalized", "on_timeout"])
def test_who_is_not_configured_is_refused(machine, call):
    values = {"propose": (CLAIM, b"", ()), "on_finalized": (1, 10), "on_timeout": (1,)}[call]
    with pytest.raises(ContractReverted) as caught:
        getattr(machine, call)(FEDERATION, *values)
    assert (caught.value.name, caught.value.arguments) == ("ConsensusNotConfigured", (FEDERATION,))


def test_validating_changes_nothing(machine):
    machine.validate(FEDERATION, PARAMETERS[machine.name])
    assert machine.save() == {}
    with pytest.raises(ContractReverted, match="ConsensusInvalidParameters"):
        machine.validate(FEDERATION, b"\x07")


def test_headers_of_proof_of_work_have_no_weights():
    """K7."""
    machine = ProofOfWorkMachine(ZERO_ADDRESS, 1, [].append)
    machine.configure(FEDERATION, PARAMETERS["pow"])
    machine.propose(FEDERATION, CLAIM, bytes(32), ())
    with pytest.raises(ContractReverted) as caught:
        machine.propose(FEDERATION, CLAIM, bytes(32), (1,))
    assert (caught.value.name, caught.value.arguments) == ("ConsensusInvalidWeights", ((1,),))
