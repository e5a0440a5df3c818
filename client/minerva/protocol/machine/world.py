"""All contracts of one chain together: the factory, its federations, their miners and the consensus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from minerva.errors import ContractReverted, WrongChain
from minerva.protocol import actions as act
from minerva.protocol.events import Event, FederationCreated, MinerCreated
from minerva.protocol.header import genesis_hash
from minerva.protocol.machine.checks import Emit, require, require_endpoint
from minerva.protocol.machine.committee import CommitteeMachine
from minerva.protocol.machine.configuration import check_config
from minerva.protocol.machine.consensus import ConsensusMachine
from minerva.protocol.machine.federation import FederationMachine
from minerva.protocol.machine.miner import MinerMachine
from minerva.protocol.machine.proof_of_reputation import ProofOfReputationMachine
from minerva.protocol.machine.proof_of_work import ProofOfWorkMachine
from minerva.protocol.records import Address
from minerva.protocol.state import DeviceInfo, FederationConfig, FederationState, MinerInfo, Phase, Pool

Emitted = tuple[Address, Event]
"""A contract's address and what it emitted."""
Allocate = Callable[[int], Address]
"""The address of the factory's n-th clone, from 0."""


_TURNS: dict[str, Callable[[Address, int, Emit], ConsensusMachine]] = {
    "por": ProofOfReputationMachine,
    "committee": CommitteeMachine,
}


class World:
    """The contracts' state, moved by actions.

    Parameters
    ----------
    chain_id
        EIP-155 chain id: genesis hashes and proofs of work are bound to it.
    factory, proof_of_work
        Addresses of the deployed contracts that every deployment has.
    modules
        Addresses of the other consensus modules, by name: "por", "committee".
    allocate
        Gives the addresses of created contracts; made up from the factory's when not given.
    """

    def __init__(
        self,
        chain_id: int,
        factory: Address,
        proof_of_work: Address,
        *,
        modules: Mapping[str, Address] | None = None,
        allocate: Allocate | None = None,
    ) -> None:
        self.chain_id, self.factory = chain_id, factory
        self.consensus = ProofOfWorkMachine(proof_of_work, chain_id, self._emitter(proof_of_work))
        self._modules: dict[Address, ConsensusMachine] = {proof_of_work: self.consensus}
        for name, address in (modules or {}).items():
            self._modules[address] = _TURNS[name](address, chain_id, self._emitter(address))
        self._allocate = allocate or self._made_up
        self._emit = self._emitter(factory)
        self._federations: dict[Address, FederationMachine] = {}
        self._miners: dict[Address, tuple[FederationMachine, MinerMachine]] = {}
        self._events: list[Emitted] = []

    def apply(self, action: act.Action, sender: Address, now: int, randao: int = 0) -> list[Emitted]:
        """Do ``action`` as a transaction of ``sender`` in a block of timestamp ``now`` (seconds).

        ``randao`` is the block's prevrandao (EIP-4399).

        Returns
        -------
        list
            Who emitted what, in the contracts' order.

        Raises
        ------
        ContractReverted
            The contracts refuse; nothing has changed.
        WrongChain
            The action names a federation or a miner's contract that is not here.
        """
        self._events.clear()
        federation = self._federations.get(getattr(action, "federation", ""))
        if federation:
            federation.randao = randao
        saved = federation.save() if federation else None
        modules = {module: module.save() for module in self._modules.values()}
        try:
            self._perform(action, sender, now)
        except ContractReverted:
            if federation and saved:
                federation.restore(saved)
            for module, state in modules.items():
                module.restore(state)
            raise
        return list(self._events)

    def _perform(self, action: act.Action, sender: Address, now: int) -> None:
        match action:
            case act.CreateFederation():
                self._create_federation(action.config, sender)
            case act.RegisterMiner():
                self._create_miner(action.federation, action.endpoint, sender)
            case act.SetEndpoint():
                self.miner(action.miner).set_endpoint(sender, action.endpoint)
            case act.LeaveMiner():
                self.federation(action.federation).leave(sender)
            case act.CheckInMiner():
                self.federation(action.federation).check_in(sender)
            case act.RegisterDevice():
                commitment = (action.dataset_root, action.dataset_size, action.rate_ns)
                self.miner(action.miner).register(sender, *commitment)
            case act.LeaveDevice():
                self.miner(action.miner).leave(sender)
            case act.CheckInDevice():
                self.miner(action.miner).check_in(sender)
            case act.SubmitUpdate():
                self.miner(action.miner).submit(sender, action, now)
            case act.Vote():
                ballot = (action.updates_root, action.verdicts)
                self.federation(action.federation).vote(sender, action.round, *ballot, now)
            case act.Propose():
                self.federation(action.federation).propose(sender, action.header, now)
            case act.Attest():
                verdict = (action.candidate, action.approve)
                self.federation(action.federation).attest(sender, action.round, *verdict, now)
            case act.Tick():
                self.federation(action.federation).tick(now)
            case act.Pause():
                self.federation(action.federation).pause(sender, now)
            case act.Unpause():
                self.federation(action.federation).unpause(sender, now)
            case act.Close():
                self.federation(action.federation).close(sender)
            case act.Expel():
                self.federation(action.federation).expel(sender, action.index)
            case act.ChangeConsensus():
                machine, module = self.federation(action.federation), action.module
                machine.change_consensus(sender, module, self._modules.get(module), action.parameters)
            case act.Report():
                raise WrongChain("there is no stake vault at this address", value=action.vault)

    # The factory

    def _create_federation(self, config: FederationConfig, sender: Address) -> None:
        module = self._modules.get(config.consensus)
        check_config(config, consensus_has_code=module is not None, policy_has_code=False)
        assert module is not None
        address = self._next_address()
        self._emit(FederationCreated(address, sender, config.manifest))
        module.validate(address, config.consensus_parameters)
        module.configure(address, config.consensus_parameters)
        genesis = genesis_hash(self.chain_id, address, config.manifest, config.model)
        emit = self._emitter(address)
        created = FederationMachine(address, sender, config, genesis, module, emit)
        self._federations[address] = created

    def _create_miner(self, federation: Address, endpoint: str, sender: Address) -> None:
        require(federation in self._federations, "FactoryUnknownFederation", federation)
        machine = self._federations[federation]
        index = machine.check_join(sender)
        require_endpoint(endpoint)
        address = self._next_address()
        miner = MinerMachine(address, machine, sender, index, endpoint, self._emitter(address))
        self._miners[address] = (machine, miner)
        machine.add_miner(miner)
        self._emit(MinerCreated(federation, sender, address))

    # Views

    def federations(self) -> tuple[Address, ...]:
        """Return all federations in order of creation."""
        return tuple(self._federations)

    def federation(self, address: Address) -> FederationMachine:
        """Return the federation at ``address``; raises `WrongChain` when there is none."""
        if address not in self._federations:
            raise WrongChain("there is no federation at this address", value=address)
        return self._federations[address]

    def miner(self, address: Address) -> MinerMachine:
        """Return the miner's contract at ``address``, a former member's too; else raises `WrongChain`."""
        return self._miner(address)[1]

    def federation_of(self, contract: Address) -> Address:
        """Return the federation that ``contract``, itself or one of its miners', belongs to."""
        return contract if contract in self._federations else self._miner(contract)[0].address

    def module(self, federation: Address) -> ConsensusMachine:
        """Return the consensus module that decides in the running round, or in the next one to open."""
        return self.federation(federation).consensus

    def requester(self, federation: Address) -> Address:
        """Return who created it."""
        return self.federation(federation).requester

    def config(self, federation: Address) -> FederationConfig:
        """Return what it was created with."""
        return self.federation(federation).config

    def state(self, federation: Address) -> FederationState:
        """Return everything that moves."""
        return self.federation(federation).state

    def phase(self, federation: Address, round: int) -> Phase:
        """Return the phase of any round."""
        return self.federation(federation).phase(round)

    def due(self, federation: Address, now: int) -> bool:
        """Return whether a `Tick` would do something in a block of timestamp ``now``."""
        return self.federation(federation).due(now)

    def miners(self, federation: Address) -> tuple[MinerInfo, ...]:
        """Return current members, leaving ones included, by index."""
        members = sorted(self.federation(federation).members.items())
        return tuple(MinerInfo(index, m.owner, m.address, m.endpoint) for index, m in members)

    def pool(self, miner: Address, round: int) -> Pool:
        """Return the pool of a miner's contract, for the last opened round or the next."""
        federation, machine = self._miner(miner)
        return federation.pool(machine, round)

    def device(self, federation: Address, device: Address) -> DeviceInfo | None:
        """Return where a device is bound; None when it is not."""
        miner = self.federation(federation).miner_of(device)
        return miner.device(device) if miner else None

    def block_of(self, federation: Address, round: int) -> bytes:
        """Return the header hash that ended ``round``; zero when none did."""
        return self.federation(federation).block_of(round)

    def ballot_of(self, federation: Address, index: int) -> bytes:
        """Return the hash of a miner's ballot in the current round; zero before it voted."""
        return self.federation(federation).ballot_of(index)

    def difficulty(self, federation: Address) -> int:
        """Return the expected number of hashes of the proof of work."""
        return self.consensus.difficulty(self.federation(federation).address)

    def _miner(self, address: Address) -> tuple[FederationMachine, MinerMachine]:
        if address not in self._miners:
            raise WrongChain("there is no miner's contract at this address", value=address)
        return self._miners[address]

    def _next_address(self) -> Address:
        return self._allocate(len(self._federations) + len(self._miners))

    def _made_up(self, position: int) -> Address:
        return to_checksum_address(keccak(text=f"{self.factory}/{position}")[-20:])

    def _emitter(self, address: Address) -> Emit:
        return lambda event: self._events.append((address, event))
