"""Paying in and out: the terms of a federation's rewards, its escrow, and claims on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from eth_typing import Hash32
from eth_utils.address import is_address, to_checksum_address

from minerva.amounts import parse_amount, show_amount
from minerva.chain.port import Actor, Chain, Receipt
from minerva.errors import ConfigError, ContractReverted, UserError
from minerva.former import finish_former
from minerva.paying import allow_exactly, require_money, token_address
from minerva.protocol import reward_actions as pay
from minerva.protocol.escrow import Escrow
from minerva.protocol.machine.rewards import check_reward_terms
from minerva.protocol.records import Address
from minerva.protocol.reward_events import RewardsFunded
from minerva.protocol.rewards import claim_to_digest
from minerva.protocol.state import NO_REWARDS, RewardTerms
from minerva.verification.earnings import Earnings, Standing

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from minerva.config import CreateSection

_MOST_DIGITS = 78
_FIELDS = {1: "per_round", 2: "*_bps", 6: "claim_seconds"}
_REMEDIES = {
    1: "It is at least 1, and all rounds together cost less than 2^128.",
    2: "The four shares, in 1/10,000, make 10,000 together.",
    6: "It is 1 day (86400) to 2 years.",
}


def reward_terms(options: CreateSection) -> RewardTerms:
    """Return what the section asks for; raises `ConfigError` for what the contract would refuse (Y1)."""
    token = token_address("create.reward_token", options.reward_token)
    try:
        per_round = parse_amount(options.reward_per_round, token)
    except UserError as error:
        raise ConfigError(
            f"create.reward_per_round: {error.what}", value=error.value, remedy=error.remedy
        ) from None
    if not per_round:
        return NO_REWARDS
    terms = RewardTerms(
        token, per_round, options.reward_data_bps, options.reward_proposer_bps, options.reward_ballot_bps,
        options.reward_attester_bps, options.reward_claim_seconds,
    )  # fmt: skip
    shares = (terms.data_bps, terms.proposer_bps, terms.ballot_bps, terms.attester_bps)
    if min(shares) < 0:
        raise ConfigError("a share of the rewards is below 0", value=min(shares), remedy=_REMEDIES[2])
    try:
        check_reward_terms(terms, options.rounds)
    except ContractReverted as error:
        field = int(str(error.arguments[0]))
        raise ConfigError(
            f"create.reward_{_FIELDS[field]} is out of bounds",
            value=error.arguments[1],
            remedy=_REMEDIES[field],
        ) from None
    return terms


def finish_funding(actor: Actor, escrow: Escrow) -> None:
    """See through what is under way; raises `FormerPayment` when it was paid into the escrow."""
    finish_former(actor, escrow.vault, RewardsFunded, escrow.terms.token)


def fund(chain: Chain, actor: Actor, federation: Address, escrow: Escrow, amount: int) -> Receipt:
    """Put ``amount`` into the escrow; of a token, the escrow is allowed to take exactly that first.

    Raises
    ------
    UserError
        The escrow does not lack that much.
    FormerPayment
        An earlier payment was still under way; it is done now, and this one was not sent.
    InsufficientFunds
        The account has less.
    ContractReverted
        The escrow or the token refuses, e.g. a token that takes a fee.
    """
    finish_funding(actor, escrow)
    token, lacking = escrow.terms.token, escrow.required - escrow.funded
    if escrow.closes_at or not 0 < amount <= lacking:
        raise UserError(
            "the escrow of a closed federation takes nothing"
            if escrow.closes_at
            else "the escrow does not lack that much",
            value=f"{show_amount(amount, token)}, it lacks {show_amount(lacking, token)}",
            remedy="'minerva federation show' tells what it has.",
        )
    what, remedy = "the account has not that much", "Send it some, or pay in less at a time with --amount."
    require_money(chain, actor.address, token, amount, what, remedy)
    allow_exactly(chain, actor, federation, token, escrow.vault, amount)
    return actor.send(pay.Fund(federation, escrow.vault, amount, token, actor.mined))


def claim(chain: Chain, actor: Actor, federation: Address, earnings: Earnings, account: Address) -> Receipt:
    """Have ``account`` paid all that it may claim; raises `UserError` when that is nothing."""
    standing = require_claim(chain, earnings, account)
    vault = earnings.escrow.vault
    if not standing.by_table:
        return actor.send(pay.ClaimAttestations(federation, vault, account, chain.now()))
    entitled = earnings.entitlement(account)
    entry = (entitled.header, account, entitled.cumulative, entitled.proof)
    return actor.send(pay.Claim(federation, vault, *entry))


@dataclass(frozen=True, slots=True)
class SignedClaim:
    """A claim that its account signed, to be paid to ``to``; whoever has it may send it.

    It holds until the account has claimed something else. ``proof`` and ``signature`` are in hex, sums in
    decimal digits, as in JSON.
    """

    chain_id: int
    federation: Address
    round: int
    account: Address
    to: Address
    cumulative: str
    claimed: str
    proof: tuple[str, ...]
    signature: str

    def document(self) -> dict[str, Any]:
        """Plain data, e.g. for JSON."""
        return asdict(self)

    @classmethod
    def parse(cls, document: object) -> SignedClaim:
        """Read one; raises `UserError` when it is none."""
        try:
            made = cls(**document)  # type: ignore[arg-type]
            bytes.fromhex(made.signature[2:])
            texts = (made.federation, made.account, made.to)
            sound = (
                all(is_address(text) for text in texts)
                and isinstance(made.proof, list | tuple)
                and all(len(bytes.fromhex(node[2:])) == 32 for node in made.proof)
                and all(_is_sum(text) for text in (made.cumulative, made.claimed))
                and all(type(number) is int for number in (made.chain_id, made.round))
            )
            if not sound:
                raise ValueError
        except (TypeError, ValueError):
            raise UserError(
                "not a signed claim",
                remedy="It is the file that 'minerva rewards claim --to … --sign FILE' writes.",
            ) from None
        return made


def sign_claim(
    chain: Chain, signer: LocalAccount, federation: Address, earnings: Earnings, to: Address
) -> SignedClaim:
    """Sign that all that the account earned by tables is paid to another; raises `UserError` if that is nothing."""
    account = str(signer.address)
    standing = require_claim(chain, earnings, account)
    if not standing.by_table:
        raise UserError(
            "nothing of the tables is left to claim, and attestations alone are paid to their account only",
            value=account,
            remedy="Claim without --to.",
        )
    entitled, vault = earnings.entitlement(account), earnings.escrow.vault
    digest = claim_to_digest(chain.chain_id, vault, account, to, entitled.cumulative, standing.claimed)
    signature = bytes(signer.unsafe_sign_hash(Hash32(digest)).signature)
    proof = tuple("0x" + node.hex() for node in entitled.proof)
    return SignedClaim(
        chain.chain_id, federation, entitled.header.round, account, to, str(entitled.cumulative),
        str(standing.claimed), proof, "0x" + signature.hex(),
    )  # fmt: skip


def submit_claim(chain: Chain, actor: Actor, earnings: Earnings, claim: SignedClaim) -> Receipt:
    """Send a claim that somebody signed; raises `UserError` when it is for another chain or is used up."""
    if claim.chain_id != chain.chain_id:
        raise UserError(
            f"the claim is for chain {claim.chain_id}, this is chain {chain.chain_id}",
            remedy="Name its node with --rpc.",
        )
    header = next((block for block in earnings.history.blocks if block.round == claim.round), None)
    if header is None:
        raise UserError(
            "the claim is by a block that the chain does not have", value=claim.round, remedy="Sign anew."
        )
    if earnings.standing(claim.account).claimed != int(claim.claimed):
        raise UserError(
            "the account has claimed since it signed", value=claim.account, remedy="Let it sign anew."
        )
    proof = tuple(bytes.fromhex(node[2:]) for node in claim.proof)
    entry = (header, str(to_checksum_address(claim.account)), int(claim.cumulative), proof)
    to, signature = str(to_checksum_address(claim.to)), bytes.fromhex(claim.signature[2:])
    return actor.send(pay.ClaimTo(claim.federation, earnings.escrow.vault, *entry, to, signature))


def require_claim(chain: Chain, earnings: Earnings, account: Address) -> Standing:
    """Return what the account may claim; raises `UserError` when that is nothing, or too late."""
    until, standing = earnings.escrow.closes_at, earnings.standing(account)
    if until and chain.now() >= until:
        raise UserError(
            "the claim period is over",
            value=f"since {until}",
            remedy="What was not claimed is the requester's.",
        )
    if not standing.claimable:
        done = standing.claimed or any(event.account == account for event in earnings.claims())
        raise UserError(
            "the account has claimed all that it earned so far"
            if done
            else "the account has earned nothing here",
            value=account,
            remedy="'minerva rewards show --all' says who earned what; --account names another.",
        )
    return standing


def _is_sum(text: object) -> bool:
    """Whether it is a sum as a claim names it: decimal digits of a number that the contract can hold."""
    digits = isinstance(text, str) and len(text) <= _MOST_DIGITS and text.isascii() and text.isdigit()
    return digits and int(str(text)) < 1 << 256
