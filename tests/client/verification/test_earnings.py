"""Y4 to Y8: what accounts earn is derived from logs and manifest, explained, and paid by proofs built from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from federation_driver import REQUESTER, Driver, address
from small_federation import SmallFederation

from minerva.errors import ContractReverted, InsufficientFunds, UserError, VerificationFailed
from minerva.protocol import actions as act
from minerva.protocol import reward_actions as pay
from minerva.protocol.cid import Cid
from minerva.protocol.machine.rewards import DAY
from minerva.protocol.reward_events import RewardsReturned
from minerva.protocol.rewards import CumulativeTable
from minerva.protocol.state import RewardTerms
from minerva.rewards import claim, fund, sign_claim, submit_claim
from minerva.store.port import Store
from minerva.verification.earnings import Earnings

TERMS = RewardTerms(per_round=1_000_003, data_bps=5_000, proposer_bps=1_500, ballot_bps=2_500, attester_bps=1_000,
                    claim_seconds=30 * DAY)  # fmt: skip
TOKEN, ANYBODY = to_checksum_address("0x" + "70" * 20), address(0x5)
KEY = Account.from_key(b"\7" * 32)


class Keyed(Driver):
    """Device 0 is an account whose key is known."""

    @staticmethod
    def device(number: int) -> str:
        return KEY.address if number == 0 else Driver.device(number)


def played(rounds: int = 2, **options: Any) -> SmallFederation:
    """Two miners with two devices each; all went well."""
    federation = SmallFederation(2, 2, **{"rewards": TERMS, "driver": Keyed, **options})
    for _ in range(rounds):
        federation.finish()
    return federation


def earnings_of(federation: SmallFederation, store: Store | None = None) -> Earnings:
    return Earnings(federation.chain, store or federation.store, federation.address, timeout=0.0)


def claimed_by(federation: SmallFederation, account: str) -> int:
    """What a claim that anybody sends adds to the account."""
    before = federation.chain.balance(account)
    claim(
        federation.chain,
        federation.chain.actor(ANYBODY),
        federation.address,
        earnings_of(federation),
        account,
    )
    return federation.chain.balance(account) - before


def everybody(federation: SmallFederation) -> list[str]:
    driver = federation.driver
    return [driver.device(n) for n in range(4)] + [driver.owner(n) for n in range(2)]


def test_everybody_is_paid_what_the_receipts_say_and_the_escrow_holds_the_rest() -> None:
    """Y4 to Y7: three rounds in one claim for each account."""
    federation = played(rounds=3)
    earnings, sums = earnings_of(federation), Counter[str]()
    for account in everybody(federation):
        for round in (1, 2, 3):
            sums[account] += earnings.receipt(account, round).amount
        assert earnings.standing(account).claimable == sums[account] > 0
        assert claimed_by(federation, account) == sums[account]
        with pytest.raises(UserError, match="has claimed all that it earned so far"):
            claimed_by(federation, account)
    escrow = federation.chain.escrow(federation.address)
    assert (
        escrow is not None
        and escrow.funded - escrow.held == sum(sums.values()) <= escrow.granted + 3 * 100_000
    )
    assert escrow.held == federation.chain.balance(escrow.vault)


def test_a_receipt_explains_each_part() -> None:
    federation = played(rounds=1)
    earnings = earnings_of(federation)
    device = earnings.receipt(federation.driver.device(1), 1)
    assert device.data and (device.data.samples, device.data.pool) == (100, 500_001)
    assert device.amount == device.data.amount == 500_001 // 4
    proposer, other = (earnings.receipt(federation.driver.owner(n), 1) for n in (0, 1))
    assert proposer.proposer and proposer.proposer.amount == 150_000 and other.proposer is None
    assert proposer.ballots and (proposer.ballots.agreed, proposer.ballots.judged) == (4, 4)
    assert proposer.attestation and proposer.attestation.amount == 100_000 // 8
    nobody = earnings.receipt(ANYBODY, 1)
    assert nobody.amount == 0 and nobody.data is None


def test_what_a_silent_or_rejecting_miner_did_not_earn_is_not_its() -> None:
    """Y6: silence and rejection pay nothing, and what the federation says agrees with the vault."""
    federation = SmallFederation(4, 1, rewards=TERMS)
    federation.close_training()
    federation.vote()
    derivation = federation.derive()
    federation.store.put(federation.proposed(derivation).body)
    from minerva.verification.derive import header_for

    header = header_for(derivation, federation.record, federation.parent(), federation.driver.contract(0),
                        federation.driver.header(0).proof)  # fmt: skip
    federation.driver.propose(0, **{name: getattr(header, name) for name in header.__slots__})
    federation.driver.attest(1, approve=False)
    federation.driver.attest(2)
    federation.driver.attest(3)
    earnings = earnings_of(federation)
    owners = [federation.driver.owner(n) for n in range(4)]
    assert earnings.attesters == {1: frozenset({owners[0], owners[2], owners[3]})}
    known = federation.chain.reward_accounts(federation.address, owners)
    for owner, (_, attested) in zip(owners, known, strict=True):
        assert attested == (owner in earnings.attesters[1]) * earnings.escrow.attestation_reward


def test_nobody_claims_what_was_never_earned() -> None:
    federation = played()
    with pytest.raises(UserError, match="has earned nothing here"):
        claimed_by(federation, ANYBODY)
    earnings = earnings_of(federation)
    device, other = federation.driver.device(1), federation.driver.device(2)
    entitled = earnings.entitlement(device)
    vault, actor = earnings.escrow.vault, federation.chain.actor(ANYBODY)
    for account, sum_ in ((other, entitled.cumulative + 1), (device, entitled.cumulative + 1)):
        wrong = pay.Claim(federation.address, vault, entitled.header, account, sum_, entitled.proof)
        with pytest.raises(ContractReverted, match="RewardVaultInvalidProof"):
            actor.send(wrong)
    forged = replace(entitled.header, rewards_root=CumulativeTable({device: 10**9}).root)
    with pytest.raises(ContractReverted, match="RewardVaultUnknownBlock"):
        actor.send(pay.Claim(federation.address, vault, forged, device, 10**9, ()))


def test_a_signed_claim_pays_its_recipient_once_whoever_sends_it() -> None:
    """Y7."""
    federation, cold = played(), address(0xC01D)
    chain, earnings = federation.chain, earnings_of(federation)
    signed = sign_claim(chain, KEY, federation.address, earnings, cold)
    before, due = chain.balance(cold), earnings.standing(KEY.address).claimable
    with pytest.raises(ContractReverted, match="RewardVaultInvalidSignature"):
        submit_claim(chain, chain.actor(ANYBODY), earnings, replace(signed, to=ANYBODY))
    submit_claim(chain, chain.actor(ANYBODY), earnings, signed)
    assert chain.balance(cold) - before == due
    with pytest.raises(UserError, match="has claimed since it signed"):
        submit_claim(chain, chain.actor(ANYBODY), earnings_of(federation), signed)
    with pytest.raises(UserError, match="for chain 1, this is chain 31337"):
        submit_claim(chain, chain.actor(ANYBODY), earnings, replace(signed, chain_id=1))


def test_round_1_waits_for_the_escrow() -> None:
    """Y2."""
    federation = SmallFederation(1, 1, rewards=TERMS, funded=False)
    chain, requester = federation.chain, federation.chain.actor(REQUESTER)

    def escrow() -> Any:
        return chain.escrow(federation.address)

    assert not chain.due(federation.address)
    fund(chain, requester, federation.address, escrow(), 1)
    assert not chain.due(federation.address)
    fund(chain, chain.actor(ANYBODY), federation.address, escrow(), escrow().required - 1)
    assert chain.due(federation.address)
    with pytest.raises(UserError, match="does not lack that much"):
        fund(chain, requester, federation.address, escrow(), 1)
    with pytest.raises(ContractReverted, match=r"RewardVaultOverfunded\(0, 1\)"):
        requester.send(pay.Fund(federation.address, escrow().vault, 1))
    assert escrow().held == escrow().required


def test_whoever_has_too_little_does_not_fund() -> None:
    federation = SmallFederation(1, 1, rewards=TERMS, funded=False)
    escrow = federation.chain.escrow(federation.address)
    assert escrow is not None
    federation.chain.fund(ANYBODY, 5)
    with pytest.raises(InsufficientFunds, match=r"has 0\.000000000000000005 ether, needs 0\.00000000001"):
        fund(federation.chain, federation.chain.actor(ANYBODY), federation.address, escrow, escrow.required)


def test_tokens_are_approved_funded_and_claimed() -> None:
    federation = played(rewards=replace(TERMS, token=TOKEN), tokens={TOKEN: {REQUESTER: 10**9}}, rounds=1)
    chain, device = federation.chain, federation.driver.device(1)
    earnings = earnings_of(federation)
    assert chain.tokens(TOKEN, REQUESTER) == 10**9 - earnings.escrow.required
    claim(chain, chain.actor(ANYBODY), federation.address, earnings, device)
    assert chain.tokens(TOKEN, device) == earnings.earned[device]
    escrow = chain.escrow(federation.address)
    assert (
        escrow and escrow.held == chain.tokens(TOKEN, escrow.vault) == escrow.funded - earnings.earned[device]
    )


def test_ether_with_a_token_and_a_token_without_allowance_are_refused() -> None:
    """Y2."""
    federation = SmallFederation(
        1, 1, rewards=replace(TERMS, token=TOKEN), funded=False, tokens={TOKEN: {REQUESTER: 9}}
    )
    escrow = federation.chain.escrow(federation.address)
    assert escrow is not None
    requester = federation.chain.actor(REQUESTER)
    with pytest.raises(ContractReverted, match="RewardVaultUnexpectedAmount"):
        requester.send(pay.Fund(federation.address, escrow.vault, 5))
    with pytest.raises(ContractReverted, match="ERC20InsufficientAllowance"):
        requester.send(pay.Fund(federation.address, escrow.vault, 5, TOKEN))
    requester.send(pay.Approve(federation.address, TOKEN, escrow.vault, 50))
    with pytest.raises(ContractReverted, match="ERC20InsufficientBalance"):
        requester.send(pay.Fund(federation.address, escrow.vault, 50, TOKEN))
    assert federation.chain.escrow(federation.address) == escrow


def test_a_federation_closed_early_pays_what_was_earned_and_returns_the_rest() -> None:
    """Y8."""
    federation = played(rounds=1)
    chain, vault = federation.chain, earnings_of(federation).escrow.vault
    requester = chain.actor(REQUESTER)
    requester.send(act.Close(federation.address))
    federation.finish()
    earnings = earnings_of(federation)
    returned = [
        log.event.amount
        for log in requester.send(pay.Reclaim(federation.address, vault, 1)).logs
        if isinstance(log.event, RewardsReturned)
    ]
    assert returned == [10 * TERMS.per_round - earnings.escrow.granted - 2 * 100_000]
    assert sum(claimed_by(federation, account) for account in everybody(federation)) > 1_800_000
    chain.advance(TERMS.claim_seconds)
    with pytest.raises(UserError, match="the claim period is over"):
        claimed_by(federation, federation.driver.device(1))
    requester.send(pay.Reclaim(federation.address, vault, 2))
    escrow = chain.escrow(federation.address)
    assert escrow is not None and escrow.held == 0


def test_a_round_without_a_block_has_no_receipts() -> None:
    federation = played(rounds=1)
    earnings = earnings_of(federation)
    with pytest.raises(UserError, match="round 2 is not over yet"):
        earnings.receipt(ANYBODY, 2)
    with pytest.raises(UserError, match="round 3 did not open yet"):
        earnings.receipt(ANYBODY, 3)


def test_a_table_that_a_majority_made_up_still_pays_those_in_it_and_is_told() -> None:
    """The last block's own table is the one that proofs fit; it is read from its body, which its CID vouches for."""
    from minerva.protocol.blocks import Body

    federation = played(rounds=0)
    federation.close_training()
    federation.vote()
    honest = Body.from_bytes(federation.proposed(federation.derive()).body)
    device = federation.driver.device(1)
    wrong = {**honest.earned, device: honest.earned[device] - 7}
    body = replace(honest, earned=wrong).to_bytes()
    changes: dict[str, Any] = {
        "body": federation.store.put(body),
        "rewards_root": CumulativeTable(wrong).root,
    }
    federation.propose(**changes)
    earnings = earnings_of(federation)
    assert earnings.difference == "the table of block 1 is not the one that its rounds give"
    assert claimed_by(federation, device) == wrong[device]


def test_a_table_that_nobody_knows_is_an_error() -> None:
    federation = played(rounds=0)
    federation.finish(rewards_root=b"\1" * 32)
    with pytest.raises(VerificationFailed, match="the table of block 1 is not the one that its rounds give"):
        earnings_of(federation)


def test_a_manifest_that_a_store_made_up_is_refused() -> None:
    federation = played(rounds=1)

    class Liar:
        def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
            return b"{}"

    with pytest.raises(VerificationFailed, match="not the federation's manifest"):
        earnings_of(federation, Liar())  # type: ignore[arg-type]


def test_a_reorganisation_takes_money_back_with_its_claim() -> None:
    federation = played(rounds=1)
    chain, device = federation.chain, federation.driver.device(1)
    before = chain.balance(device), chain.escrow(federation.address)
    assert claimed_by(federation, device) > 0
    chain.reorg(1, keep=lambda _: False)
    assert (chain.balance(device), chain.escrow(federation.address)) == before
