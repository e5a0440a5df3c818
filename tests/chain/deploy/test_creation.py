"""Deploying on a chain and a node that fail: whatever happens, running it again ends well, and nothing is there twice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from scripts import creation as script
from scripts.contracts import TABLE, Artefact, Part, Role
from scripts.sending import Sender, Wanted, creation_address
from scripts.verify import verify
from support.deploying import Faulty

from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import (
    ChainError,
    ChainUnreachable,
    ConfigError,
    InsufficientFunds,
    NodeConflict,
    TransactionLost,
)

ALL = [part.name for part in TABLE]
FIRST = TABLE[0]
NOWHERE = "0x" + "4907" * 10

FUSSY = Artefact(
    "Fussy",
    [{"type": "constructor", "inputs": [{"name": "other", "type": "address"}]}],
    bytes.fromhex("60206020380360003960005 13b601357 5f5ffd 5b60015ff3".replace(" ", "")),
    b"\x00",
    "fussy.sol",
)
"""Its constructor reverts unless code lies at its argument."""
BROKEN = Artefact("Broken", [], bytes.fromhex("5f5ffd"), b"\x00", "broken.sol")


@pytest.fixture
def queue(site):
    """No block until the test says so."""
    site.rpc.call("evm_setAutomine", False)
    yield lambda: site.rpc.call("evm_mine")
    site.rpc.call("evm_mine")
    site.rpc.call("evm_setAutomine", True)


@pytest.fixture
def base_fee(site):
    """Set the base fee of the next block; zero again afterwards."""

    def change(wei):
        site.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(wei))
        site.rpc.call("evm_mine")

    yield change
    change(0)


@pytest.fixture
def hasty(monkeypatch):
    """Do not wait for other nodes behind the address: there is one."""
    monkeypatch.setattr(script, "LAG_SECONDS", 0.1)
    monkeypatch.setattr("scripts.sending.LAG_SECONDS", 0.1)
    monkeypatch.setattr("scripts.sending.NUDGE_SECONDS", 0.2)


def interrupt(site, account, folder, method="eth_sendRawTransaction", number=0, when="before", **changes):
    faulty = Faulty(site.rpc, method, number, when)
    with pytest.raises(ChainUnreachable):
        site.create(site.sender(account, rpc=faulty), folder, **changes)


def test_everything_is_deployed_in_order(site, tmp_path):
    sender = site.sender()
    deployed = site.create(sender, tmp_path)
    assert [made.address for made in deployed.values()] == [
        creation_address(sender.address, n) for n in range(len(TABLE))
    ]
    for part in TABLE:
        assert deployed[part.name].arguments == tuple(deployed[name].address for name in part.arguments)
    verify(site.rpc, deployed, site.artefacts)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(len(TABLE)))
def test_goes_on_where_it_broke(site, tmp_path, number, when):
    """Killed before a transaction is sent, or after it was mined and before its receipt is seen."""
    account = site.payer()
    interrupt(site, account, tmp_path, number=number, when=when)
    kept = site.progress(tmp_path)
    assert list(kept.deployed) == ALL[:number]
    assert kept.pending is not None and kept.pending.part == ALL[number]
    sender = site.sender(account)
    deployed = site.create(sender, tmp_path)
    assert list(deployed) == ALL and sender.nonce() == len(TABLE)
    assert [made.address for made in deployed.values()] == [
        creation_address(sender.address, n) for n in range(len(TABLE))
    ]
    verify(site.rpc, deployed, site.artefacts)


def test_breaks_at_every_step_and_still_ends(site, tmp_path):
    account = site.payer()
    for _ in TABLE:
        interrupt(site, account, tmp_path, when="after")
    sender = site.sender(account)
    site.create(sender, tmp_path)
    assert sender.nonce() == len(TABLE)


def test_another_account_may_go_on(site, tmp_path):
    first, second = site.payer(), site.sender()
    interrupt(site, first, tmp_path, method="eth_estimateGas", number=2)
    deployed = site.create(second, tmp_path)
    assert [made.deployer for made in deployed.values()] == [first.address] * 2 + [second.address] * (
        len(TABLE) - 2
    )


def test_running_it_again_deploys_nothing(site, tmp_path):
    sender = site.sender()
    deployed = site.create(sender, tmp_path)
    assert site.create(sender, tmp_path) == deployed and sender.nonce() == len(TABLE)


def test_a_line_more_deploys_one_contract(site, tmp_path):
    sender = site.sender()
    former = site.create(sender, tmp_path)
    more = {"artefacts": site.artefacts | {"Fussy": FUSSY}}
    table = (*TABLE, Part("fussy", "Fussy", Role.CONSENSUS, ("pow",)))
    deployed = site.create(sender, tmp_path, table=table, **more)
    assert {name: deployed[name] for name in former} == former and sender.nonce() == len(TABLE) + 1


def test_a_transaction_in_the_queue_is_waited_for(site, tmp_path, queue):
    account = site.payer()
    with pytest.raises(TransactionLost, match="Run it again: it is looked for before anything else"):
        site.create(site.sender(account, patience=0.3), tmp_path)
    with pytest.raises(TransactionLost):
        site.create(site.sender(account, patience=0.3), tmp_path)
    queue()
    site.rpc.call("evm_setAutomine", True)
    sender = site.sender(account)
    site.create(sender, tmp_path)
    assert sender.nonce() == len(TABLE)


def test_what_the_node_lost_is_sent_again(site, tmp_path, queue, hasty):
    account = site.payer()
    with pytest.raises(TransactionLost):
        site.create(site.sender(account, patience=0.3), tmp_path)
    site.rpc.call("anvil_dropAllTransactions")
    site.rpc.call("evm_setAutomine", True)
    sender = site.sender(account)
    site.create(sender, tmp_path)
    assert sender.nonce() == len(TABLE)


def test_a_fee_that_is_too_low_by_now_is_raised(site, tmp_path, base_fee):
    account = site.payer()
    interrupt(site, account, tmp_path)
    before = site.progress(tmp_path).pending.max_fee
    base_fee(before + GWEI)
    sender = site.sender(account)
    deployed = site.create(sender, tmp_path)
    assert sender.nonce() == len(TABLE)
    assert deployed[FIRST.name].address == creation_address(sender.address, 0)


def test_a_fee_above_the_cap_is_not_paid(site, tmp_path, base_fee):
    base_fee(11 * GWEI)
    sender = site.sender(fees=FeePolicy(max_fee=10 * GWEI))
    with pytest.raises(ChainError, match=r"more than the cap allows: .* of at most 10 gwei"):
        site.create(sender, tmp_path)
    assert sender.nonce() == 0


def test_a_nonce_that_went_to_another_transaction_is_no_contract(site, tmp_path, hasty):
    account = site.payer()
    interrupt(site, account, tmp_path)
    sender = site.sender(account)
    sender.send(Wanted(0, NOWHERE, value=1), lambda *_: None)
    deployed = site.create(sender, tmp_path)
    assert deployed[FIRST.name].address == creation_address(sender.address, 1)
    assert sender.nonce() == len(TABLE) + 1


def test_another_signer_is_noticed_while_waiting(site, queue, hasty):
    account = site.payer()
    slow = Wanted(0, NOWHERE, value=1)
    raw, fee = site.sender(account)._sign(slow, None)
    site.sender(account, patience=0.1)._post(site.sender(account)._sign(replace(slow, value=2), None)[0])
    queue()
    with pytest.raises(ChainError, match=f"another transaction took the nonce: 0 of {account.address}"):
        site.sender(account).follow(slow, [raw], fee, lambda *_: None)


def test_a_transaction_of_another_account_is_not_overtaken(site, tmp_path):
    account = site.payer()
    interrupt(site, account, tmp_path)
    other = site.sender()
    with pytest.raises(
        ConfigError, match=f"{FIRST.contract} is under way from another account: {account.address}"
    ):
        site.create(other, tmp_path)
    assert other.nonce() == 0


def test_missing_transactions_before_it_are_named(site, tmp_path):
    """As on a chain that was set back."""
    account = site.payer()
    interrupt(site, account, tmp_path)
    progress = site.progress(tmp_path)
    progress.pending = replace(progress.pending, nonce=3, address=creation_address(account.address, 3))
    progress.keep()
    with pytest.raises(
        ChainError, match=f"before that of {FIRST.contract} are missing: .* is at nonce 0, it has 3"
    ):
        site.create(site.sender(account), tmp_path)


def test_a_transaction_of_another_build_is_not_raised(site, tmp_path):
    account = site.payer()
    interrupt(site, account, tmp_path)
    other = replace(site.artefacts[FIRST.contract], creation=BROKEN.creation)
    with pytest.raises(ConfigError, match=f"{FIRST.contract} is under way with other code than this build's"):
        site.create(site.sender(account), tmp_path, artefacts=site.artefacts | {FIRST.contract: other})


@pytest.mark.parametrize("code", ["0x", "0x6001"])
def test_an_address_without_the_code_is_deployed_again(site, tmp_path, code):
    sender = site.sender()
    former = site.create(sender, tmp_path)
    site.rpc.call("anvil_setCode", former["pow"].address, code)
    deployed = site.create(sender, tmp_path)
    assert deployed.pop("pow").address != former.pop("pow").address
    assert deployed == former


def test_what_was_given_a_lost_address_is_deployed_again(site, tmp_path):
    """A factory clones its implementations: without one it is of no use."""
    sender = site.sender()
    former = site.create(sender, tmp_path)
    site.rpc.call("anvil_setCode", former["miner"].address, "0x")
    assert [s.part.name for s in site.creation(sender, tmp_path).missing()] == ["miner", "factory"]
    deployed = site.create(sender, tmp_path)
    assert deployed["miner"].address in deployed["factory"].arguments
    assert former["miner"].address not in deployed["factory"].arguments
    assert deployed["factory"].address != former["factory"].address and deployed["pow"] == former["pow"]
    verify(site.rpc, deployed, site.artefacts)


def test_a_record_of_other_code_is_deployed_again(site, tmp_path):
    sender = site.sender()
    former = site.create(sender, tmp_path)
    progress = site.progress(tmp_path)
    progress.deployed["pow"] = replace(former["pow"], code_hash="0x" + "11" * 32)
    progress.keep()
    assert [s.part.name for s in site.creation(sender, tmp_path).missing()] == ["pow"]


def test_a_constructor_that_reverts_is_named(site, tmp_path):
    table = (Part("broken", "Broken", Role.POLICY),)
    sender = site.sender()
    with pytest.raises(ChainError, match="the node refuses to deploy Broken: .*revert.*check its line"):
        site.create(sender, tmp_path, table=table, artefacts={"Broken": BROKEN})
    assert sender.nonce() == 0


def test_a_constructor_that_reverted_on_chain_is_named(site, tmp_path):
    """The estimate was of another state: here a node that says what it likes."""
    table = (Part("broken", "Broken", Role.POLICY),)

    class Wrong(Sender):
        def _limit(self, wanted):
            return 100_000

    sender = Wrong(site.rpc, site.payer(), 31337, FeePolicy(), patience=20)
    with pytest.raises(ChainError, match="the constructor of Broken reverted: 0x"):
        site.create(sender, tmp_path, table=table, artefacts={"Broken": BROKEN})
    assert site.progress(tmp_path).pending is None


def test_one_that_reverted_after_the_break_is_tried_again(site, tmp_path, hasty):
    account = site.payer()
    interrupt(site, account, tmp_path)
    progress = site.progress(tmp_path)
    sender = site.sender(account)
    raw = sender._account.sign_transaction(
        {"nonce": 0, "gas": 60_000, "data": "0x5f5ffd", "chainId": 31337, "value": 0,
         "maxFeePerGas": GWEI, "maxPriorityFeePerGas": 0}
    ).raw_transaction  # fmt: skip
    sender._post("0x" + bytes(raw).hex())
    site.rpc.call("evm_mine")
    progress.pending = replace(progress.pending, raw=("0x" + bytes(raw).hex(),))
    progress.keep()
    deployed = site.create(sender, tmp_path)
    assert deployed[FIRST.name].address == creation_address(account.address, 1)


def test_other_code_than_was_sent_is_named(site, tmp_path):
    other = replace(site.artefacts["ProofOfWork"], runtime=b"\x01\x02")
    with pytest.raises(ChainError, match="other code than ProofOfWork's lies at the address"):
        site.create(site.sender(), tmp_path, artefacts=site.artefacts | {"ProofOfWork": other})


def test_two_processes_do_not_sign_with_one_key(site):
    account = site.payer()
    with site.sender(account).locked():
        with pytest.raises(NodeConflict, match="another process signs with this key"):
            with site.sender(account).locked():
                pass


def test_a_purse_that_is_empty_half_way_is_named(site, tmp_path):
    account = site.payer()
    interrupt(site, account, tmp_path, number=1)
    site.endow(account.address, 1)
    with pytest.raises(InsufficientFunds, match=f"{account.address} has 0.000000 ether. Send it some"):
        site.create(site.sender(account), tmp_path)
    site.endow(account.address, 10**19)
    sender = site.sender(account)
    site.create(sender, tmp_path)
    assert sender.nonce() == len(TABLE)


# what it costs


def test_the_estimate_is_what_it_takes(site, tmp_path):
    sender = site.sender()
    creation = site.creation(sender, tmp_path)
    estimate = creation.estimate(creation.missing())
    hashes = [made.transaction for made in creation.run(lambda _: None).values()]
    used = sum(int(sender.receipt([one])["gasUsed"], 16) for one in hashes)
    assert used == pytest.approx(estimate, rel=0.001)


def test_a_constructor_that_asks_for_code_is_estimated(site, tmp_path):
    table = (Part("pow", "ProofOfWork", Role.CONSENSUS), Part("fussy", "Fussy", Role.CONSENSUS, ("pow",)))
    sender = site.sender()
    creation = site.creation(sender, tmp_path, table=table, artefacts=site.artefacts | {"Fussy": FUSSY})
    estimate = creation.estimate(creation.missing())
    hashes = [made.transaction for made in creation.run(lambda _: None).values()]
    assert sum(int(sender.receipt([one])["gasUsed"], 16) for one in hashes) <= estimate


def test_the_bytes_of_an_op_chain_are_paid(site, tmp_path):
    """The oracle says what each transaction costs below: here 7 wei, whatever it is."""
    creation = site.creation(site.sender(), tmp_path)
    steps = creation.missing()
    assert creation.surcharge(steps) == 0
    site.rpc.call("anvil_setCode", script._L1_FEES, "0x60075f5260205ff3")
    try:
        assert creation.surcharge(steps) == 7 * len(TABLE)
    finally:
        site.rpc.call("anvil_setCode", script._L1_FEES, "0x")


# the record


def test_a_record_of_another_chain_is_refused(site, tmp_path):
    interrupt(site, site.payer(), tmp_path)
    path = site.progress(tmp_path).path
    path.write_text(json.dumps(json.loads(path.read_text()) | {"chainId": 5}))
    with pytest.raises(ConfigError, match=r"another chain's: .*chain 5 with genesis 0x.*, not 31337"):
        site.progress(tmp_path)


def test_a_dev_chain_that_was_started_afresh_starts_afresh(site, tmp_path):
    interrupt(site, site.payer(), tmp_path, number=2)
    path = site.progress(tmp_path).path
    path.write_text(json.dumps(json.loads(path.read_text()) | {"genesis": "0x" + "00" * 32}))
    progress = site.progress(tmp_path)
    assert progress.deployed == {} and progress.pending is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"chainId": 31337, "genesis": "0x", "deployed": [], "pending": 1}']
)
def test_a_record_that_is_none_is_named(site, tmp_path, text):
    (tmp_path / "deployment.progress.json").write_text(text)
    with pytest.raises(ConfigError, match="the record of a broken deployment cannot be read"):
        site.progress(tmp_path)
