"""All contracts of one chain together: the factory, its federations, their miners and the consensus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from minerva.errors import ContractReverted, WrongChain
from minerva.protocol import actions as act
from minerva.protocol import reward_actions as pay
from minerva.protocol import stake_actions as bond
from minerva.protocol.events import Event, FederationCreated, MinerCreated
from minerva.protocol.header import genesis_hash
from minerva.protocol.machine.checks import Emit, require, require_endpoint
from minerva.protocol.machine.committee import CommitteeMachine
from minerva.protocol.machine.configuration import check_config
from minerva.protocol.machine.consensus import ConsensusMachine
from minerva.protocol.machine.federation import FederationMachine
from minerva.protocol.machine.miner import MinerMachine
from minerva.protocol.machine.money import Money, Tokens
from minerva.protocol.machine.policies import PolicyMachine, make_policy
from minerva.protocol.machine.proof_of_reputation import ProofOfReputationMachine
from minerva.protocol.machine.proof_of_stake import ProofOfStakeMachine
from minerva.protocol.machine.proof_of_work import ProofOfWorkMachine
from minerva.protocol.machine.rewards import RewardVaultMachine, check_reward_terms
from minerva.protocol.machine.stake import StakeVaultMachine
from minerva.protocol.machine.stake_terms import check_terms, longest_round
from minerva.protocol.records import Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import (
    NO_REWARDS,
    NO_STAKE,
    DeviceInfo,
    FederationConfig,
    FederationState,
    MinerInfo,
    Phase,
    Pool,
)

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
        Addresses of the other consensus modules, by name: "pos", "por", "committee".
    policies
        Addresses of the membership policies, by name: "allow-list", "stake", "allow-list-and-stake".
    allocate
        Gives the addresses of created contracts; made up from the factory's when not given.
    tokens
        The ERC-20 contracts that there are, and who has how much of them.

    Attributes
    ----------
    policies
        As given.
    money
        Who has what.
    """

    def __init__(
        self,
        chain_id: int,
        factory: Address,
        proof_of_work: Address,
        *,
        modules: Mapping[str, Address] | None = None,
        policies: Mapping[str, Address] | None = None,
        allocate: Allocate | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self.chain_id, self.factory = chain_id, factory
        self.consensus = ProofOfWorkMachine(proof_of_work, chain_id, self._emitter(proof_of_work))
        self._modules: dict[Address, ConsensusMachine] = {proof_of_work: self.consensus}
        for name, address in (modules or {}).items():
            self._modules[address] = self._module(name, address)
        self.policies = dict(policies or {})
        self._policies = {
            address: make_policy(name, address, self._emitter(address), self._bonded)
            for name, address in self.policies.items()
        }
        self._allocate = allocate or self._made_up
        self._emit = self._emitter(factory)
        self._federations: dict[Address, FederationMachine] = {}
        self._miners: dict[Address, tuple[FederationMachine, MinerMachine]] = {}
        self._vaults: dict[Address, tuple[FederationMachine, RewardVaultMachine]] = {}
        self._stakes: dict[Address, StakeVaultMachine] = {}
        self.money = Money(tokens or {})
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
        if isinstance(action, pay.OfVault):
            federation = self._vault(action.vault)[0]
        if federation:
            federation.randao = randao
        saved = federation.save() if federation else None
        modules = {module: module.save() for module in self._modules.values()}
        stakes = dict(self._stakes)
        staked = federation.stakes.save() if federation and federation.stakes else None
        policies = {policy: policy.save() for policy in self._policies.values()}
        try:
            self._perform(action, sender, now)
        except ContractReverted:
            if federation and saved:
                federation.restore(saved)
                if federation.stakes and staked:
                    federation.stakes.restore(staked)
            self._stakes = stakes
            for module, state in modules.items():
                module.restore(state)
            for policy, known in policies.items():
                policy.restore(known)
            raise
        tokens = {vault: machine.terms.token for vault, (_, machine) in self._vaults.items()}
        tokens |= {machine.address: machine.terms.token for machine in self._stakes.values()}
        for emitter, event in self._events:
            if emitter in tokens:
                self.money.follow(emitter, tokens[emitter], event)
        return list(self._events)

    def _perform(self, action: act.Action, sender: Address, now: int) -> None:
        match action:
            case act.CreateFederation():
                self._create_federation(action, sender)
            case act.RegisterMiner():
                self._create_miner(action, sender)
            case act.SetEndpoint():
                self.miner(action.miner).set_endpoint(sender, action.endpoint)
            case act.LeaveMiner():
                self.federation(action.federation).leave(sender)
            case act.CheckInMiner():
                self.federation(action.federation).check_in(sender)
            case act.RegisterDevice():
                commitment = (action.dataset_root, action.dataset_size, action.rate_ns)
                self.miner(action.miner).register(sender, *commitment, action.evidence)
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
                self.federation(action.federation).close(sender, now)
            case act.Expel():
                self.federation(action.federation).expel(sender, action.index)
            case act.ChangeConsensus():
                machine, module = self.federation(action.federation), action.module
                machine.change_consensus(sender, module, self._modules.get(module), action.parameters)
            case pay.Fund() | pay.Claim() | pay.ClaimTo() | pay.ClaimAttestations() | pay.Reclaim():
                self._pay(action, self._vault(action.vault)[1], sender, now)
            case pay.Approve():
                if not self.money.has(action.token):
                    raise WrongChain("there is no token at this address", value=action.token)
                self.money.approve(action.token, sender, action.spender, action.amount)
            case bond.Deposit() | bond.Unbond() | bond.Withdraw() | bond.Burn() | bond.Report():
                self._stake(action, self.stake_vault(action.federation, action.vault), sender, now)
            case act.GrantRole():
                self.federation(action.federation).grant_role(sender, action.role, action.account)
            case act.RevokeRole():
                self.federation(action.federation).revoke_role(sender, action.role, action.account)
            case act.SetAllowList():
                requester = self.requester(action.federation)
                policy = self._policy(action.policy)
                policy.set_root(action.federation, requester, sender, action.root)

    def _stake(self, action: bond.StakeAction, vault: StakeVaultMachine, sender: Address, now: int) -> None:
        match action:
            case bond.Deposit():
                vault.deposit(sender, action.account, action.amount, action.value)
                self.money.require_payment(vault.terms.token, sender, vault.address, action.amount)
            case bond.Unbond():
                vault.unbond(sender, action.amount, now)
            case bond.Withdraw():
                vault.withdraw(sender, action.to, now)
            case bond.Burn():
                vault.burn()
            case bond.Report():
                one, other = action.evidence.first, action.evidence.second
                said = (one.statement, one.signature, other.statement, other.signature)
                vault.report(sender, action.evidence.account, *said)

    def _pay(self, action: pay.OfVault, vault: RewardVaultMachine, sender: Address, now: int) -> None:
        match action:
            case pay.Fund():
                vault.fund(sender, action.amount, action.value)
                self.money.require_payment(vault.terms.token, sender, vault.address, action.amount)
            case pay.Claim():
                vault.claim(action.header, action.account, action.cumulative, action.proof, now)
            case pay.ClaimTo():
                entry = (action.header, action.account, action.cumulative, action.proof)
                vault.claim_to(*entry, action.to, action.signature, now)
            case pay.ClaimAttestations():
                vault.claim_attestations(action.account, now)
            case pay.Reclaim():
                vault.reclaim(now)

    # The factory

    def _create_federation(self, action: act.CreateFederation, sender: Address) -> None:
        config, stake, terms = action.config, action.stake, action.rewards
        module = self._modules.get(config.consensus)
        if stake != NO_STAKE:
            check_terms(stake, token_has_code=self.money.has(stake.token))
        if terms != NO_REWARDS:
            has_code = self.money.has(terms.token)
            require(has_code, "RewardVaultInvalidTerms", 0, int(terms.token, 16))
            check_reward_terms(terms, config.rounds)
        check_config(
            config, consensus_has_code=module is not None, policy_has_code=config.policy in self._policies
        )
        assert module is not None
        address = self._next_address()
        self._emit(FederationCreated(address, sender, config.manifest))
        genesis = genesis_hash(self.chain_id, address, config.manifest, config.model)
        emit = self._emitter(address)
        created = FederationMachine(address, sender, config, genesis, module, emit)
        created.found(self.factory)
        if stake != NO_STAKE:
            created.stakes = self._stakes[address] = self._new_stakes(created, stake)
        module.validate(address, config.consensus_parameters)
        module.configure(address, config.consensus_parameters)
        created.policy = self._policies.get(config.policy)
        if created.policy is not None:
            created.policy.configure(address, config.policy_parameters)
        self._federations[address] = created
        if terms != NO_REWARDS:
            vault = self._next_address()
            emit = self._emitter(vault)
            machine = RewardVaultMachine(
                vault, self.chain_id, created, terms, config.rounds, config.max_miners, emit
            )
            self._vaults[vault] = (created, machine)
            created.reward_vault = machine

    def _bonded(self, federation: Address, account: Address) -> int | None:
        """Return what an account has bonded with a federation; None where nothing is staked."""
        vault = self._stakes.get(federation)
        return None if vault is None else vault.stake_of(account)

    def _new_stakes(self, federation: FederationMachine, terms: StakeTerms) -> StakeVaultMachine:
        """Make the vault of a federation that is being created."""
        address = self._next_address(1)
        longest, emit = longest_round(federation.config), self._emitter(address)
        return StakeVaultMachine(address, self.chain_id, federation, terms, longest, None, emit)

    def _create_miner(self, action: act.RegisterMiner, sender: Address) -> None:
        federation, endpoint = action.federation, action.endpoint
        require(federation in self._federations, "FactoryUnknownFederation", federation)
        machine = self._federations[federation]
        index = machine.check_join(sender, action.evidence)
        require_endpoint(endpoint)
        address = self._next_address()
        miner = MinerMachine(address, machine, sender, index, endpoint, self._emitter(address))
        self._miners[address] = (machine, miner)
        machine.add_miner(miner)
        self._emit(MinerCreated(federation, sender, address))

    def adopt(self, module: ConsensusMachine) -> None:
        """Let federations choose a module that no deployment has."""
        self._modules[module.address] = module

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
        """Return the federation that ``contract``, itself, its vault or one of its miners', belongs to."""
        if contract in self._vaults:
            return self._vaults[contract][0].address
        for federation, stakes in self._stakes.items():
            if stakes.address == contract:
                return federation
        return contract if contract in self._federations else self._miner(contract)[0].address

    def stakes(self, federation: Address) -> StakeVaultMachine | None:
        """Return what the members of a federation stake; None where nothing is."""
        return self.federation(federation).stakes

    def stake_vault(self, federation: Address, address: Address) -> StakeVaultMachine:
        """Return the federation's vault of stakes, which must be at ``address``; else raises `WrongChain`."""
        vault = self.stakes(federation)
        if vault is None or vault.address != address:
            raise WrongChain("the federation's stakes are not at this address", value=address)
        return vault

    def is_vault(self, address: Address) -> bool:
        """Return whether an escrow, or stakes, lie there."""
        return address in self._vaults or any(address == vault.address for vault in self._stakes.values())

    def reward_vault(self, federation: Address) -> RewardVaultMachine | None:
        """Return the federation's escrow; None where nothing is paid."""
        return self.federation(federation).reward_vault

    def module(self, federation: Address) -> ConsensusMachine:
        """Return the consensus module that decides in the running round, or in the next one to open."""
        return self.federation(federation).consensus

    def allow_list_root(self, federation: Address) -> bytes | None:
        """Return the root of its allow-list; None where its policy keeps none (A1)."""
        policy = self.federation(federation).policy
        return policy.root_of(federation) if policy is not None and policy.listed else None

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

    def _policy(self, address: Address) -> PolicyMachine:
        if address not in self._policies:
            raise WrongChain("there is no membership policy at this address", value=address)
        return self._policies[address]

    def _miner(self, address: Address) -> tuple[FederationMachine, MinerMachine]:
        if address not in self._miners:
            raise WrongChain("there is no miner's contract at this address", value=address)
        return self._miners[address]

    def _next_address(self, further: int = 0) -> Address:
        contracts = len(self._federations) + len(self._miners) + len(self._stakes) + len(self._vaults)
        return self._allocate(contracts + further)

    def _module(self, name: str, address: Address) -> ConsensusMachine:
        emit = self._emitter(address)
        if name == ProofOfStakeMachine.name:
            return ProofOfStakeMachine(address, self.chain_id, emit, self._lanes)
        return _TURNS[name](address, self.chain_id, emit)

    def _lanes(self, federation: Address) -> tuple[int, ...] | None:
        """S2: what proof of stake weighs by."""
        vault = self._stakes.get(federation)
        return tuple(vault.lanes()) if vault else None

    def _vault(self, address: Address) -> tuple[FederationMachine, RewardVaultMachine]:
        if address not in self._vaults:
            raise WrongChain("there is no escrow at this address", value=address)
        return self._vaults[address]

    def _made_up(self, position: int) -> Address:
        return to_checksum_address(keccak(text=f"{self.factory}/{position}")[-20:])

    def _emitter(self, address: Address) -> Emit:
        return lambda event: self._events.append((address, event))
