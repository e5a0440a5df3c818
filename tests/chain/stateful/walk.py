"""A random walk through a federation's life: mostly what actors would do, sometimes what they should not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

from cast import Cast, some_list, some_module
from eth_abi import encode
from eth_utils import keccak
from purse import Purse
from spoil import spoil
from stakers import Stakers

from minerva.protocol import actions as act
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.cid import DAG_PB, RAW, Cid
from minerva.protocol.governance import GOVERNOR, PAUSER
from minerva.protocol.header import Header
from minerva.protocol.lanes import pack
from minerva.protocol.machine import Claim, World, meets, pow_seed
from minerva.protocol.machine.committee import CommitteeMachine
from minerva.protocol.machine.proof_of_reputation import ProofOfReputationMachine
from minerva.protocol.machine.scheduled import ScheduledMachine
from minerva.protocol.machine.stake import StakeVaultMachine
from minerva.protocol.records import ZERO32, ZERO_ADDRESS, Address, hash_list, indices
from minerva.protocol.schedule import proposer
from minerva.protocol.state import FederationState, MinerInfo, Phase, Status
from minerva.protocol.weights import committee_after, committee_size

Step = tuple[act.Action, Address, int]
"""What is done, by whom, and how many seconds after the step before."""
MAX_DIFFICULTY = 1024
"""Beyond it nobody proposes in time, so that time-outs make the puzzle easier."""
Choice = tuple[float, Callable[[], tuple[act.Action, Address]]]


@dataclass(frozen=True)
class Mood:
    """How a round goes: the shares of devices that train and of miners that vote, propose and so on."""

    training: float
    voting: float
    proposing: float
    attesting: float
    approving: float


class Walk:
    """Chooses steps for one federation, by what the executable specification says of it.

    ``contracts`` are all miners' contracts that the federation ever had; the caller keeps it so. ``allowed`` is the list
    with which a federation that has one began.
    """

    def __init__(
        self,
        world: World,
        federation: Address,
        cast: Cast,
        salt: object,
        contracts: Sequence[Address],
        modules: Mapping[str, Address],
        allowed: AllowList,
    ) -> None:
        self._world, self._federation, self._cast, self._salt = world, federation, cast, salt
        self._config = world.config(federation)
        self._now, self._active = 0, False
        self._contracts, self._modules = contracts, modules
        self._purse = Purse(world, federation, cast)
        self._lists = {allowed.root: allowed}

    def step(self, random: Random, now: int) -> Step:
        """Choose the next step, ``now`` being the time of the one before."""
        self._now = now
        if not self._contracts:
            return *self._join(random), 0
        if random.random() < 0.05:
            action, sender = random.choice(self._all(random))()
        else:
            choices = self._sensible(random)
            action, sender = random.choices([c for _, c in choices], [w for w, _ in choices])[0]()
        if random.random() < 0.15:
            right, action = action, spoil(random, action, self._contracts, nobody=self._cast.stranger)
            sender = self._stray(random) if action is right or random.random() < 0.2 else sender
        return action, sender, self._pause_before(random, now)

    def _pause_before(self, random: Random, now: int) -> int:
        s, dice = self._state, random.random()
        if s.status is Status.PAUSED:
            return random.choice((0, 1, 5, 20, 61))
        if s.status is Status.CLOSED:
            return random.choice((0, 0, 1, 86_400))
        idle = s.status is Status.RUNNING and not self._world.due(self._federation, now) and not self._active
        if dice < (0.4 if idle else 0.94) or s.deadline <= now:
            return random.choice((0, 0, 0, 1, 2))
        return max(0, s.deadline - now + random.choice((-1, 0, 0, 0, 1, 30)))

    # Reads

    @property
    def _state(self) -> FederationState:
        return self._world.state(self._federation)

    @property
    def _vault(self) -> StakeVaultMachine | None:
        return self._world.stakes(self._federation)

    @property
    def _mood(self) -> Mood:
        """The mood of the current round; the same whenever it is asked for."""
        dice = Random(f"{self._salt}/{self._state.round}")
        return Mood(
            training=dice.choice((1, 1, 1, 0.6, 0.3)), voting=dice.choice((1, 1, 1, 1, 1, 0.6, 0.3)),
            proposing=dice.choice((1, 1, 1, 1, 0.5, 0)), attesting=dice.choice((1, 1, 0.5)),
            approving=dice.choice((1, 1, 0.6, 0.3, 0)),
        )  # fmt: skip

    def _snapshot(self) -> list[MinerInfo]:
        snapshot = indices(self._state.snapshot)
        return [miner for miner in self._world.miners(self._federation) if miner.index in snapshot]

    # What actors would do now

    def _sensible(self, random: Random) -> list[Choice]:
        s, world = self._state, self._world
        paying = self._purse.deeds(random)
        if s.status is Status.PAUSED:
            return [
                *paying,
                (6, lambda: self._unpause(random)),
                (1, self._tick),
                (1, lambda: self._join(random)),
            ]
        choices: list[Choice] = [(20 if world.due(self._federation, self._now) else 0.5, self._tick)]
        choices += self._sensible_of_miners(random) + self._sensible_of_devices(random)
        choices += [(0.1, lambda: (act.Pause(self._federation, 0), self._cast.requester))]
        choices += [(0.1, lambda: self._expel(random)), (0.2, lambda: self._change_consensus(random))]
        choices += [(0.2, lambda: self._move_role(random))]
        if self._config.policy != ZERO_ADDRESS:
            choices += [(0.2, lambda: self._set_allow_list(random))]
        choices += [(0.02, lambda: (act.Close(self._federation), self._cast.requester))]
        choices += self._sensible_of_stakers(random)
        in_round = self._sensible_in_round(random) if s.status is Status.RUNNING else []
        self._active = bool(in_round)
        return choices + in_round + paying

    def _sensible_of_miners(self, random: Random) -> list[Choice]:
        s, members = self._state, self._world.miners(self._federation)
        owners = [miner.owner for miner in members] or list(self._cast.owners)
        dormant = self._dormant()
        choices: list[Choice] = [
            (2 if len(members) <= self._config.min_miners else 0.5, lambda: self._join(random)),
            (0.4, lambda: (act.LeaveMiner(self._federation, s.round), random.choice(owners))),
        ]
        if dormant:
            back = act.CheckInMiner(self._federation, s.round)
            choices.append((2, lambda: (back, random.choice(dormant))))
        return choices

    def _sensible_of_stakers(self, random: Random) -> list[Choice]:
        if self._vault is None:
            return []
        stakers = Stakers(random, self._world, self._federation, self._cast.owners, self._now)
        return stakers.choices(self._dormant())

    def _dormant(self) -> list[Address]:
        s = self._state
        return [m.owner for m in self._world.miners(self._federation) if s.dormant >> m.index & 1]

    def _sensible_of_devices(self, random: Random) -> list[Choice]:
        s = self._state
        infos = {device: self._world.device(self._federation, device) for device in self._cast.devices}
        bound = [device for device, info in infos.items() if info]
        silent = [device for device, info in infos.items() if info and info.seen < s.round]
        choices: list[Choice] = [
            (
                4 if len(bound) < 4 and s.joins < self._config.max_joins else 0.4,
                lambda: self._register(random),
            ),
            (0.3, lambda: self._of_device(random, act.LeaveDevice, bound)),
            (0.7, lambda: self._of_device(random, act.CheckInDevice, bound)),
        ]
        if silent:
            choices.append((1, lambda: self._of_device(random, act.CheckInDevice, silent)))
        return choices

    def _sensible_in_round(self, random: Random) -> list[Choice]:
        s, mood = self._state, self._mood
        match s.phase:
            case Phase.TRAINING:
                left = self._awaited(mood) if random.random() < 0.92 else list(self._cast.devices)
                return [(20, lambda: self._submit(random, left))] if left else []
            case Phase.VERIFICATION:
                voters = [m for m in self._snapshot() if not s.voted >> m.index & 1]
                voters = [m for m in voters if self._draw("voting", m.owner) < mood.voting]
                voters = self._snapshot() if random.random() < 0.05 else voters
                return [(20, lambda: self._vote(random, random.choice(voters)))] if voters else []
            case Phase.MINING:
                miners = [m for m in self._snapshot() if not s.barred >> m.index & 1]
                solvable = self._world.difficulty(self._federation) <= MAX_DIFFICULTY
                miners = self._snapshot() if random.random() < 0.08 else miners
                ready = miners and solvable and random.random() < mood.proposing
                return [(20, lambda: self._propose(random, random.choice(miners)))] if ready else []
            case _:
                done = s.approvals | s.rejections
                others = [m for m in self._snapshot() if not done >> m.index & 1]
                others = [m for m in others if self._draw("attesting", m.owner) < mood.attesting]
                others = self._snapshot() if random.random() < 0.08 else others
                approve = random.random() < mood.approving
                attest = act.Attest(self._federation, s.round, s.candidate, approve)
                return [(20, lambda: (attest, random.choice(others).owner))] if others else []

    def _awaited(self, mood: Mood) -> list[Address]:
        """Devices that mean to train this round and have not submitted."""
        round, awaited = self._state.round, []
        if self._now >= self._state.deadline:
            return []
        taking = [miner.contract for miner in self._snapshot()]
        for device in self._cast.devices:
            info = self._world.device(self._federation, device)
            there = info and info.miner in taking and info.from_round <= round and info.submitted != round
            if there and self._draw("training", device) < mood.training:
                awaited.append(device)
        return awaited

    def _draw(self, what: str, who: Address) -> float:
        return Random(f"{self._salt}/{self._state.round}/{what}/{who}").random()

    def _all(self, random: Random) -> list[Callable[[], tuple[act.Action, Address]]]:
        """One of every kind, whatever the phase."""
        s, snapshot = self._state, self._snapshot()
        choices = [choice for _, choice in self._sensible(random)]
        choices.append(lambda: self._submit(random, self._cast.devices))
        choices.append(lambda: (act.CheckInMiner(self._federation, s.round), self._stray(random)))
        choices.append(lambda: self._unpause(random))
        choices.append(lambda: self._set_endpoint(random))
        attest = act.Attest(self._federation, s.round, s.candidate, random.random() < 0.5)
        choices.append(lambda: (attest, random.choice(self._cast.owners)))
        if snapshot:
            choices.append(lambda: self._vote(random, random.choice(snapshot)))
            choices.append(lambda: self._propose(random, random.choice(snapshot)))
        return choices

    # Single actions

    def _tick(self) -> tuple[act.Action, Address]:
        s = self._state
        return act.Tick(self._federation, s.round, s.deadline), self._cast.stranger

    def _expel(self, random: Random) -> tuple[act.Action, Address]:
        expel = act.Expel(self._federation, random.randrange(self._config.max_miners), self._state.round)
        return expel, self._cast.requester

    def _change_consensus(self, random: Random) -> tuple[act.Action, Address]:
        staked = self._vault is not None or random.random() < 0.1
        module, parameters = some_module(random, self._modules, staked=staked)
        module = self._cast.stranger if random.random() < 0.1 else module
        parameters = parameters + b"\0" if random.random() < 0.1 else parameters
        module = self._modules["refusing"] if random.random() < 0.2 else module
        change = act.ChangeConsensus(self._federation, module, parameters, self._state.round)
        return change, self._cast.requester

    def _move_role(self, random: Random) -> tuple[act.Action, Address]:
        kind = random.choice((act.GrantRole, act.RevokeRole))
        role, holder = random.choice((PAUSER, GOVERNOR)), random.choice(self._cast.everyone[1:3])
        return kind(self._federation, role, holder), self._cast.requester

    def _set_allow_list(self, random: Random) -> tuple[act.Action, Address]:
        changed = some_list(random, self._cast)
        self._lists[changed.root] = changed
        return act.SetAllowList(self._federation, self._config.policy, changed.root), self._cast.requester

    def _evidence(self, account: Address, role: Role) -> bytes:
        """What an account joins with, as far as it can."""
        allowed = self._lists.get(self._world.allow_list_root(self._federation) or ZERO32)
        return allowed.evidence(account, role) if allowed and (account, role) in allowed.entries else b""

    def _unpause(self, random: Random) -> tuple[act.Action, Address]:
        return act.Unpause(self._federation, 0), random.choice((self._cast.requester, self._cast.stranger))

    def _join(self, random: Random) -> tuple[act.Action, Address]:
        inside = [miner.owner for miner in self._world.miners(self._federation)]
        outside = [owner for owner in self._cast.owners if owner not in inside]
        endpoint = random.choice(("", "https://miner.example", "é" * 128))
        owner = random.choice(self._cast.owners if random.random() < 0.2 or not outside else outside)
        if self._vault and not self._vault.is_sufficient(owner) and random.random() < 0.9:
            return Stakers(
                random, self._world, self._federation, self._cast.owners, self._now
            ).deposit(owner)  # fmt: skip
        evidence = self._evidence(owner, Role.MINER)
        return act.RegisterMiner(self._world.factory, self._federation, endpoint, evidence=evidence), owner

    def _set_endpoint(self, random: Random) -> tuple[act.Action, Address]:
        endpoint = random.choice(("", "https://moved.example", "x" * 257))
        miner = self._some_contract(random)
        return act.SetEndpoint(self._federation, miner, endpoint), self._world.miner(miner).owner

    def _register(self, random: Random) -> tuple[act.Action, Address]:
        members = [miner.contract for miner in self._world.miners(self._federation)]
        miner = random.choice(members or [self._some_contract(random)])
        device = random.choice(self._cast.devices)
        evidence = self._evidence(device, Role.DEVICE)
        joining = act.RegisterDevice(self._federation, miner, keccak(b"data"), 100, 1000, evidence=evidence)
        return joining, device

    def _of_device(
        self,
        random: Random,
        kind: type[act.CheckInDevice] | type[act.LeaveDevice],
        devices: Sequence[Address],
    ) -> tuple[act.Action, Address]:
        device = random.choice(devices or self._cast.devices)
        info = self._world.device(self._federation, device)
        miner = info.miner if info else self._some_contract(random)
        return kind(self._federation, miner, self._state.round), device

    def _submit(self, random: Random, devices: Sequence[Address]) -> tuple[act.Action, Address]:
        device, round = random.choice(devices), self._state.round
        info = self._world.device(self._federation, device)
        miner = info.miner if info else self._some_contract(random)
        cid = Cid(keccak(text=f"{device}{round}"), random.choice((RAW, DAG_PB)))
        losses = (random.randint(-(1 << 63), (1 << 63) - 1), random.randint(-9, 9))
        return act.SubmitUpdate(self._federation, miner, round, cid, 100, 2, 5_000, *losses), device

    def _vote(self, random: Random, miner: MinerInfo) -> tuple[act.Action, Address]:
        s = self._state
        root, updates = s.updates_root, s.updates
        if s.phase is Phase.TRAINING:  # it may be due to close: P7
            pools = [self._world.pool(m.contract, s.round) for m in self._snapshot()]
            root, updates = hash_list(p.head for p in pools), sum(p.count for p in pools)
        verdicts = bytes(random.choice((1, 20, 64, ACCEPT)) for _ in range(updates))
        return act.Vote(self._federation, s.round, root, verdicts), miner.owner

    def _propose(self, random: Random, miner: MinerInfo) -> tuple[act.Action, Address]:
        s = self._state
        ballots_root = s.ballots_root
        if s.phase is Phase.VERIFICATION:  # it may be due to close: P7
            ballots_root = hash_list(self._world.ballot_of(self._federation, i) for i in indices(s.snapshot))
        module = self._world.module(self._federation)
        if isinstance(module, ScheduledMachine) and random.random() < 0.9:
            turn = proposer(module.order(self._federation), s.extensions + s.candidates, s.voters & ~s.barred)
            miner = next((m for m in self._snapshot() if m.index == turn), miner)
        claim = Claim(s.round, s.head, s.updates_root, ballots_root, miner.contract)
        model = Cid(keccak(text=f"model{s.round}{miner.index}{random.randrange(4)}"))
        header = Header(
            s.height + 1, s.head, s.round, s.updates_root, ballots_root,
            random.choice((ZERO32, keccak(b"accepted"))), Cid(keccak(b"body"), DAG_PB), model, ZERO32, 0,
            self._weights(random), miner.contract, self._proof(claim, fits=random.random() < 0.95),
        )  # fmt: skip
        return act.Propose(self._federation, self._purse.write(random, header)), miner.owner

    def _weights(self, random: Random) -> tuple[int, ...]:
        """Lanes that the module takes, mostly."""
        module, snapshot = self._world.module(self._federation), indices(self._state.snapshot)
        parameters = self._world.config(self._federation).consensus_parameters
        if random.random() < 0.05:
            return (random.randrange(1 << 256),)
        if isinstance(module, ProofOfReputationMachine):
            return pack({index: random.randint(1, 40) for index in snapshot})
        if isinstance(module, CommitteeMachine):
            scores = {index: random.randrange(3) for index in snapshot}
            return committee_after(scores, self._state.head, committee_size(parameters))
        return ()

    def _proof(self, claim: Claim, *, fits: bool) -> bytes:
        if isinstance(self._world.module(self._federation), ScheduledMachine):
            return b"" if fits else b"x"
        seed = pow_seed(self._world.chain_id, self._federation, claim)
        difficulty = self._world.difficulty(self._federation)
        if difficulty == 1 or difficulty > MAX_DIFFICULTY:
            return bytes(32)
        return encode(("uint256",), (next(n for n in count() if meets(seed, n, difficulty) == fits),))

    def _stray(self, random: Random) -> Address:
        return random.choice(self._cast.everyone)

    def _some_contract(self, random: Random) -> Address:
        return random.choice(self._contracts)
