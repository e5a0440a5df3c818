"""What those who walk do with money: they fund, claim by the tables of real blocks, and claim what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from cast import Cast

from minerva.protocol import actions as act
from minerva.protocol import reward_actions as pay
from minerva.protocol.header import Header
from minerva.protocol.machine import World
from minerva.protocol.machine.rewards import RewardVaultMachine
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.rewards import CumulativeTable, claim_to_digest

Deed = tuple[act.Action, Address]


class Purse:
    """The money of one federation, and the tables of all headers that were written for it."""

    def __init__(self, world: World, federation: Address, cast: Cast) -> None:
        self._world, self._federation, self._cast = world, federation, cast
        self._written: dict[bytes, tuple[Header, CumulativeTable]] = {}
        self._at = 0

    @property
    def _vault(self) -> RewardVaultMachine | None:
        return self._world.reward_vault(self._federation)

    def deeds(self, random: Random) -> list[tuple[float, Callable[[], Deed]]]:
        """What somebody would do now, and how much they want to."""
        vault = self._vault
        if vault is None:
            return []
        lacking = 0 if vault.state.closes_at else vault.required - vault.state.funded
        found: list[tuple[float, Callable[[], Deed]]] = [
            (12 if lacking else 0.1, lambda: self._fund(random, vault, lacking)),
            (0.3, lambda: self._claim_attestations(random, vault)),
            (0.3 if not vault.state.closes_at else 3, lambda: (self._reclaim(vault), self._cast.stranger)),
        ]
        if self._blocks():
            claiming = 2.0 if vault.state.closes_at else 0.7
            found += [
                (claiming, lambda: self._claim(random, vault)),
                (claiming, lambda: self._claim_to(random, vault)),
            ]
        return found

    def write(self, random: Random, header: Header) -> Header:
        """Give a header the table that it would have; now and then one that grants too much."""
        vault = self._vault
        if vault is None:
            wrong = ({"rewards_root": b"\1" * 32}, {"rewards_total": 1})
            return replace(header, **random.choice(wrong)) if random.random() < 0.03 else header
        table, left = self._table(header.parent), vault.terms.budget
        grants: dict[Address, int] = {}
        for one in random.sample(self._cast.people, 3):
            grants[one] = random.randint(0, left)
            left -= grants[one]
        total = sum(grants.values())
        if random.random() < 0.05:
            total = vault.terms.budget + 1
        elif random.random() < 0.1:  # a majority may write what was never granted
            total //= 2
        following = table.add(grants)
        made = replace(header, rewards_root=following.root, rewards_total=total)
        self._written[made.hash()] = (made, following)
        return made

    def _table(self, head: bytes) -> CumulativeTable:
        return self._written[head][1] if head in self._written else CumulativeTable()

    def _blocks(self) -> list[tuple[Header, CumulativeTable]]:
        """Those written that became blocks."""
        final = (h for h, (header, _) in self._written.items()
                 if self._world.block_of(self._federation, header.round) == h)  # fmt: skip
        return [self._written[h] for h in final]

    def _fund(self, random: Random, vault: RewardVaultMachine, lacking: int) -> Deed:
        self._at += 1
        amount = random.choice((lacking, lacking, lacking // 2, 0, lacking + 1))
        payer, token = self._cast.requester, vault.terms.token
        allowed = self._world.money.allowance(token, payer, vault.address)
        if token != ZERO_ADDRESS and allowed < amount and random.random() < 0.9:
            return pay.Approve(self._federation, token, vault.address, amount, self._at), payer
        token = random.choice((token, token, token, ZERO_ADDRESS))
        return pay.Fund(self._federation, vault.address, amount, token, self._at), payer

    def _entry(self, random: Random) -> tuple[Header, Address, int, tuple[bytes, ...]]:
        """A header and somebody's entry in its table; sometimes another's, or of another header."""
        blocks = self._blocks()
        header, table = random.choice((blocks[-1], random.choice(blocks)))
        who = random.choice(self._cast.people)
        amount = table.earned.get(who, 0)
        proof = tuple(table.proof(who)) if amount else ()
        if random.random() < 0.15:
            amount += 1
        if random.random() < 0.1:
            header = random.choice([one for one, _ in self._written.values()])
        return header, who, amount, proof

    def _claim(self, random: Random, vault: RewardVaultMachine) -> Deed:
        return pay.Claim(self._federation, vault.address, *self._entry(random)), self._cast.stranger

    def _claim_to(self, random: Random, vault: RewardVaultMachine) -> Deed:
        entry, to = self._entry(random), self._cast.stranger
        signer = self._cast.signer
        if random.random() < 0.8:  # the one who can sign
            header, table = self._blocks()[-1]
            amount = table.earned.get(signer.address, 0)
            proof = tuple(table.proof(signer.address)) if amount else ()
            entry = (header, signer.address, amount, proof)
        claimed = vault.account_of(signer.address)[0] + (random.random() < 0.1)
        digest = claim_to_digest(self._world.chain_id, vault.address, entry[1], to, entry[2], claimed)
        signature = bytes(signer.unsafe_sign_hash(digest).signature)  # type: ignore[arg-type]
        return pay.ClaimTo(self._federation, vault.address, *entry, to, signature), self._cast.requester

    def _claim_attestations(self, random: Random, vault: RewardVaultMachine) -> Deed:
        who = random.choice(self._cast.people)
        return pay.ClaimAttestations(self._federation, vault.address, who), self._cast.stranger

    def _reclaim(self, vault: RewardVaultMachine) -> act.Action:
        return pay.Reclaim(self._federation, vault.address)
