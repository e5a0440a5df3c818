"""What can be read of a federation's stakes, from the executable specification and from the contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from adapter import Call, Contracts

from minerva.protocol.machine import World
from minerva.protocol.records import ZERO_ADDRESS, Address

OF_ACCOUNTS = ("stakeOf", "unbondingOf", "bountyOf", "absencesOf", "isSufficient")
OF_VAULT = ("terms", "unbondingSeconds", "slashed", "lanes")


@dataclass(frozen=True)
class Stakes:
    """What each account has staked, what the vault says of itself, and what everybody has of that money."""

    accounts: dict[Address, tuple[int, ...]] = field(default_factory=dict)
    vault: tuple[object, ...] = ()
    wealth: dict[Address, int] = field(default_factory=dict)


def stakes_of_world(
    world: World, federation: Address, stakers: Sequence[Address], people: Mapping[Address, int]
) -> Stakes:
    """What the executable specification says; ``people`` had so much ether at the beginning."""
    vault = world.stakes(federation)
    if vault is None:
        return Stakes()
    accounts = {
        one: (
            vault.stake_of(one), *vault.unbonding_of(one), vault.bounty_of(one), vault.absences_of(one),
            vault.is_sufficient(one),
        )
        for one in stakers
    }  # fmt: skip
    token = vault.terms.token
    before = people if token == ZERO_ADDRESS else {}
    places = (*people, vault.address)
    wealth = {one: before.get(one, 0) + world.money.balance(one, token) for one in places}
    owed = sum(bonded + unbonding + bounty for bonded, unbonding, _, bounty, *_ in accounts.values())
    assert wealth[vault.address] == vault.slashed + owed, "the vault has what it owes"
    about = (astuple(vault.terms), vault.unbonding_seconds, vault.slashed, vault.lanes())
    return Stakes(accounts, (vault.address, *about), wealth)


def stakes_of_contracts(contracts: Contracts, federation: Address, expected: Stakes, now: int) -> Stakes:
    """What the contracts say; ``expected`` only tells where to look."""
    (vault,) = contracts.read([Call(federation, "stakeVault")], now)[0]
    if vault == ZERO_ADDRESS:
        return Stakes()
    calls = [Call(vault, what, (one,)) for one in expected.accounts for what in OF_ACCOUNTS]
    answers = iter(contracts.read([*calls, *(Call(vault, what) for what in OF_VAULT)], now))
    accounts = {one: tuple(v for _ in OF_ACCOUNTS for v in next(answers)) for one in expected.accounts}
    (terms,), (unbonding,), (slashed,), (lanes,) = (next(answers) for _ in OF_VAULT)
    places = tuple(expected.wealth)
    held = contracts.balances(places) if terms[0] == ZERO_ADDRESS else contracts.tokens(places)
    wealth = dict(zip(places, held, strict=True))
    return Stakes(accounts, (vault, terms, unbonding, slashed, list(lanes)), wealth)
