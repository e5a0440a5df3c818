"""One gateway for each contract: its views as queries, its functions as calls, in the protocol's types."""

from __future__ import annotations

from collections.abc import Sequence

from minerva.chain.abi import Record
from minerva.chain.calls import Call, Query
from minerva.chain.codec import Codec
from minerva.chain.gateway import Functions, Gateway
from minerva.chain.money import RewardVault, StakeVault, Token
from minerva.protocol import actions as act
from minerva.protocol import reward_actions as pay
from minerva.protocol import stake_actions as bond
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import FederationConfig, FederationState, Pool, RewardTerms


class Gateways:
    """The contracts of a deployment, by address.

    Raises
    ------
    AbiMismatch
        A function or a struct that this client uses is missing, or declared otherwise.
    """

    def __init__(self, codec: Codec, factory: Address, proof_of_work: Address) -> None:
        def bind(contract: str, names: str) -> Functions:
            return {name: codec.function(contract, name) for name in names.split()}

        self.factory = FederationFactory(factory, bind("FederationFactory", FederationFactory.NAMES))
        self.proof_of_work = ProofOfWork(proof_of_work, bind("ProofOfWork", ProofOfWork.NAMES))
        self._federation = bind("Federation", Federation.NAMES) | bind(
            "FederationExtension", Federation.EXTENSION_NAMES
        )
        self._miner = bind("Miner", Miner.NAMES)
        self._reward_vault = bind("RewardVault", RewardVault.NAMES)
        self._stake_vault = bind("StakeVault", StakeVault.NAMES)
        self._schedule = bind("ProofOfStake", Schedule.NAMES)
        self._policy = bind("AllowListPolicy", AllowListPolicy.NAMES)
        self._records = _Records(self._federation, self._miner)

    def federation(self, address: Address) -> Federation:
        """Return the federation at an address."""
        return Federation(address, self._federation, self._records)

    def miner(self, address: Address) -> Miner:
        """Return the miner's contract at an address."""
        return Miner(address, self._miner, self._records)

    def reward_vault(self, address: Address) -> RewardVault:
        """Return the vault of rewards at an address."""
        return RewardVault(address, self._reward_vault)

    def stake_vault(self, address: Address) -> StakeVault:
        """Return the vault of stakes at an address."""
        return StakeVault(address, self._stake_vault)

    def schedule(self, address: Address) -> Schedule:
        """Return the module with turns at an address."""
        return Schedule(address, self._schedule)

    def allow_list_policy(self, address: Address) -> AllowListPolicy:
        """Return the policy at an address that keeps lists."""
        return AllowListPolicy(address, self._policy)

    def call(self, action: act.Action) -> Call:
        """Return the call that an action makes."""
        match action:
            case act.CreateFederation():
                return self.factory.create_federation(action)
            case act.RegisterMiner():
                return self.factory.create_miner(action)
            case (
                act.SetEndpoint()
                | act.RegisterDevice()
                | act.LeaveDevice()
                | act.CheckInDevice()
                | act.SubmitUpdate()
            ):
                return self.miner(action.miner).call(action)
            case pay.Fund() | pay.Claim() | pay.ClaimTo() | pay.ClaimAttestations() | pay.Reclaim():
                return self.reward_vault(action.vault).call(action)
            case bond.Deposit() | bond.Unbond() | bond.Withdraw() | bond.Burn() | bond.Report():
                return self.stake_vault(action.vault).call(action)
            case pay.Approve():
                return Token(action.token).call(action)
            case act.SetAllowList():
                return self.allow_list_policy(action.policy).set_root(action)
            case _:
                return self.federation(action.federation).call(action)


class _Records:
    """The structs that go to and from the contracts."""

    def __init__(self, federation: Functions, miner: Functions) -> None:
        self.config = Record(FederationConfig, federation["config"].outputs[0]["components"])
        self.state = Record(FederationState, federation["state"].outputs[0]["components"])
        self.header = Record(Header, federation["propose"].inputs[0]["components"])
        self.pool = Record(Pool, miner["pool"].outputs)
        self.claim = Record(act.SubmitUpdate, miner["submitUpdate"].inputs[0]["components"], partial=True)


class FederationFactory(Gateway):
    """Creates federations and miners; the registry."""

    NAMES = "version federationCount federationAt isFederation createFederation createMiner"

    def __init__(self, address: Address, functions: Functions) -> None:
        super().__init__(address, functions)
        config, stake, rewards = functions["createFederation"].inputs
        self._config = Record(FederationConfig, config["components"])
        self._stake = Record(StakeTerms, stake["components"])
        self._rewards = Record(RewardTerms, rewards["components"])

    def version(self) -> Query[str]:
        """Ask for the protocol version."""
        return self._query("version")

    def federation_count(self) -> Query[int]:
        """Ask how many federations there are."""
        return self._query("federationCount")

    def federation_at(self, index: int) -> Query[Address]:
        """Ask for one of them, in order of creation."""
        return self._query("federationAt", index)

    def is_federation(self, address: Address) -> Query[bool]:
        """Ask whether a federation was created here."""
        return self._query("isFederation", address)

    def create_federation(self, action: act.CreateFederation) -> Call:
        """Create a federation."""
        config, stake = self._config.write(action.config), self._stake.write(action.stake)
        terms = (config, stake, self._rewards.write(action.rewards))
        return Call(action.factory, self._functions["createFederation"].encode(*terms))

    def create_miner(self, action: act.RegisterMiner) -> Call:
        """Join as a miner."""
        given = (action.federation, action.endpoint, action.evidence)
        return Call(action.factory, self._functions["createMiner"].encode(*given))


class Federation(Gateway):
    """One task learned together."""

    NAMES = "leave checkIn tick vote propose attest blockOf stakeVault"
    EXTENSION_NAMES = (
        "config requester state due member minerOf rewardVault pause unpause close changeConsensus expel "
        "grantRole revokeRole"
    )

    def __init__(self, address: Address, functions: Functions, records: _Records) -> None:
        super().__init__(address, functions)
        self._records = records

    def config(self) -> Query[FederationConfig]:
        """Ask what it was created with."""
        return self._query("config", make=lambda values: self._records.config.read(values[0]))

    def requester(self) -> Query[Address]:
        """Ask who created it."""
        return self._query("requester")

    def state(self) -> Query[FederationState]:
        """Ask for everything that moves."""
        return self._query("state", make=lambda values: self._records.state.read(values[0]))

    def reward_vault(self) -> Query[Address]:
        """Ask where the rewards are; the zero address where nothing is paid."""
        return self._query("rewardVault")

    def stake_vault(self) -> Query[Address]:
        """Ask where the stakes are; the zero address where nothing is staked."""
        return self._query("stakeVault")

    def due(self) -> Query[bool]:
        """Ask whether `tick` would do something."""
        return self._query("due")

    def member(self, index: int) -> Query[tuple[Address, Address]]:
        """Ask for the owner and the contract of a miner."""
        return self._query("member", index)

    def miner_of(self, device: Address) -> Query[Address]:
        """Ask for the miner's contract of a device."""
        return self._query("minerOf", device)

    def block_of(self, round: int) -> Query[bytes]:
        """Ask for the header hash that ended a round."""
        return self._query("blockOf", round)

    def call(self, action: act.Action) -> Call:
        """Return the call that an action on this federation makes."""
        match action:
            case act.Vote():
                return self._call("vote", action.round, action.updates_root, action.verdicts)
            case act.Propose():
                return self._call("propose", self._records.header.write(action.header))
            case act.Attest():
                return self._call("attest", action.round, action.candidate, action.approve)
            case act.Tick():
                return self._call("tick")
            case act.LeaveMiner():
                return self._call("leave")
            case act.CheckInMiner():
                return self._call("checkIn")
            case act.Pause():
                return self._call("pause")
            case act.Unpause():
                return self._call("unpause")
            case act.Close():
                return self._call("close")
            case act.ChangeConsensus():
                return self._call("changeConsensus", action.module, action.parameters)
            case act.Expel():
                return self._call("expel", action.index)
            case act.GrantRole():
                return self._call("grantRole", action.role, action.account)
            case act.RevokeRole():
                return self._call("revokeRole", action.role, action.account)
        raise TypeError(f"{type(action).__name__} is no action on a federation")


class Miner(Gateway):
    """A miner's contract in one federation."""

    NAMES = "endpoint pool deviceOf setEndpoint registerDevice leave checkIn submitUpdate"

    def __init__(self, address: Address, functions: Functions, records: _Records) -> None:
        super().__init__(address, functions)
        self._records = records

    def endpoint(self) -> Query[str]:
        """Ask where its HTTP API answers."""
        return self._query("endpoint")

    def pool(self, round: int) -> Query[Pool]:
        """Ask for its pool of a round."""
        return self._query("pool", round, make=self._records.pool.read)

    def device_of(self, device: Address) -> Query[tuple[int, int, int]]:
        """Ask for a device's first round, and when it was last seen and last submitted."""
        return self._query("deviceOf", device, make=lambda values: (values[0], values[1], values[2]))

    def call(self, action: act.Action) -> Call:
        """Return the call that an action on this miner makes."""
        match action:
            case act.SubmitUpdate():
                return self._call("submitUpdate", self._records.claim.write(action))
            case act.RegisterDevice():
                commitment = (action.dataset_root, action.dataset_size, action.rate_ns)
                return self._call("registerDevice", *commitment, action.evidence)
            case act.LeaveDevice():
                return self._call("leave")
            case act.CheckInDevice():
                return self._call("checkIn")
            case act.SetEndpoint():
                return self._call("setEndpoint", action.endpoint)
        raise TypeError(f"{type(action).__name__} is no action on a miner")


class AllowListPolicy(Gateway):
    """A policy that keeps the root of each federation's list; with or without stake beside it."""

    NAMES = "rootOf setRoot"

    def root_of(self, federation: Address) -> Query[bytes]:
        """Ask for the root of a federation's list."""
        return self._query("rootOf", federation)

    def set_root(self, action: act.SetAllowList) -> Call:
        """Replace a federation's list."""
        return self._call("setRoot", action.federation, action.root)


class ProofOfWork(Gateway):
    """The keccak puzzle."""

    NAMES = "difficulty"

    def difficulty(self, federation: Address) -> Query[int]:
        """Ask for the expected number of hashes."""
        return self._query("difficulty", federation)


class Schedule(Gateway):
    """A module that weighs miners, and lets them propose in turns."""

    NAMES = "lanes"

    def lanes(self, federation: Address) -> Query[Sequence[int]]:
        """Ask what the miners of a federation weigh, by lanes (K1)."""
        return self._query("lanes", federation)
