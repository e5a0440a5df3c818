"""Actions, views, events and errors against the Solidity interfaces."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from interfaces import abis

from minerva.chain.abi import AbiMismatch
from minerva.chain.codec import Codec
from minerva.chain.contracts import Gateways
from minerva.chain.rpc import RpcError
from minerva.errors import ChainError
from minerva.protocol import actions as act
from minerva.protocol import events as ev
from minerva.protocol import reward_actions as pay
from minerva.protocol import stake_actions as bond
from minerva.protocol.cid import DAG_PB, Cid
from minerva.protocol.evidence import Evidence, Signed
from minerva.protocol.header import Header
from minerva.protocol.state import Drop, FederationConfig, FederationState, Phase, Status
from minerva.protocol.statements import Statement, StatementKind

FACTORY, POW, FEDERATION, VAULT = (f"0x{c * 40}" for c in "1234")
MINER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
CID = Cid(b"\7" * 32, DAG_PB)
HEADER = Header(
    1, b"\1" * 32, 2, b"\2" * 32, b"\3" * 32, b"\4" * 32, CID, Cid(b"\5" * 32), b"\6" * 32, 7, (8, 9), MINER, b"proof"
)  # fmt: skip
HEADER_ABI = (
    "(uint32,bytes32,uint32,bytes32,bytes32,bytes32,(bytes32,uint8),(bytes32,uint8),"
    "bytes32,uint128,uint256[],address,bytes)"
)
HEADER_VALUES = (
    1, b"\1" * 32, 2, b"\2" * 32, b"\3" * 32, b"\4" * 32, (b"\7" * 32, 0x70), (b"\5" * 32, 0x55),
    b"\6" * 32, 7, (8, 9), MINER, b"proof",
)  # fmt: skip
CONFIG = FederationConfig(
    CID, Cid(b"\6" * 32), POW, b"parameters", *range(1, 19)
)  # the bounds are the contract's business


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec(abis())


@pytest.fixture(scope="module")
def gateways(codec: Codec) -> Gateways:
    return Gateways(codec, FACTORY, POW)


def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def entry(signature: str, topics: list[bytes], types: list[str], values: list[Any]) -> dict[str, Any]:
    return {
        "address": FEDERATION,
        "topics": ["0x" + t.hex() for t in (keccak(text=signature), *topics)],
        "data": "0x" + encode(types, values).hex(),
        "blockNumber": "0x5",
        "blockHash": "0x" + "aa" * 32,
        "logIndex": "0x2",
        "transactionHash": "0x" + "bb" * 32,
    }


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def padded(address: str) -> bytes:
    return bytes.fromhex(address[2:].rjust(64, "0"))


STATEMENT_ABI = "(address,uint32,bytes32,bytes32,bytes32,bytes32,uint8)"
ROOTS = (b"\3" * 32, b"\4" * 32, b"\5" * 32, b"\6" * 32)
SAID = Signed(MINER, Statement(FEDERATION, 3, *ROOTS, StatementKind.APPROVED), b"one")
OPPOSITE = dataclasses.replace(SAID.statement, kind=StatementKind.REJECTED)
ROUND_ROOT = word(3) + b"\2" * 32
CALLS = [
    (act.CreateFederation(FACTORY, CONFIG, "one"), FACTORY, "createFederation", None),
    (
        act.RegisterMiner(FACTORY, FEDERATION, "http://x", evidence=b"proof"),
        FACTORY,
        "createMiner(address,string,bytes)",
        encode(["address", "string", "bytes"], [FEDERATION, "http://x", b"proof"]),
    ),
    (act.SetEndpoint(FEDERATION, MINER, "y"), MINER, "setEndpoint(string)", encode(["string"], ["y"])),
    (act.LeaveMiner(FEDERATION, 1), FEDERATION, "leave()", b""),
    (act.CheckInMiner(FEDERATION, 1), FEDERATION, "checkIn()", b""),
    (
        act.RegisterDevice(FEDERATION, MINER, b"\1" * 32, 9, 1000, evidence=b"proof"),
        MINER,
        "registerDevice(bytes32,uint32,uint64,bytes)",
        encode(["bytes32", "uint32", "uint64", "bytes"], [b"\1" * 32, 9, 1000, b"proof"]),
    ),
    (act.LeaveDevice(FEDERATION, MINER, 1), MINER, "leave()", b""),
    (act.CheckInDevice(FEDERATION, MINER, 1), MINER, "checkIn()", b""),
    (
        act.SubmitUpdate(FEDERATION, MINER, 3, CID, 4, 5, 6, -7, 8),
        MINER,
        "submitUpdate((uint32,bytes32,uint8,uint32,uint32,uint64,int64,int64))",
        word(3) + CID.digest + word(0x70) + word(4) + word(5) + word(6) + word(2**256 - 7) + word(8),
    ),
    (
        act.Vote(FEDERATION, 3, b"\2" * 32, b"\xff\x01"),
        FEDERATION,
        "vote(uint32,bytes32,bytes)",
        encode(["uint32", "bytes32", "bytes"], [3, b"\2" * 32, b"\xff\x01"]),
    ),
    (
        act.Propose(FEDERATION, HEADER),
        FEDERATION,
        f"propose({HEADER_ABI})",
        encode([HEADER_ABI], [HEADER_VALUES]),
    ),
    (
        act.Attest(FEDERATION, 3, b"\2" * 32, True),
        FEDERATION,
        "attest(uint32,bytes32,bool)",
        ROUND_ROOT + word(1),
    ),
    (act.Tick(FEDERATION, 1, 2), FEDERATION, "tick()", b""),
    (act.Pause(FEDERATION, 1), FEDERATION, "pause()", b""),
    (act.Unpause(FEDERATION, 1), FEDERATION, "unpause()", b""),
    (act.Close(FEDERATION), FEDERATION, "close()", b""),
    (
        act.ChangeConsensus(FEDERATION, MINER, b"new", 1),
        FEDERATION,
        "changeConsensus(address,bytes)",
        encode(["address", "bytes"], [MINER, b"new"]),
    ),
    (act.Expel(FEDERATION, 3, 1), FEDERATION, "expel(uint8)", word(3)),
    (pay.Fund(FEDERATION, VAULT, 7), VAULT, "fund(uint256)", word(7)),
    (pay.Approve(FEDERATION, POW, VAULT, 7), POW, "approve(address,uint256)", padded(VAULT) + word(7)),
    (
        pay.Claim(FEDERATION, VAULT, HEADER, MINER, 7, (b"\3" * 32,)),
        VAULT,
        f"claim({HEADER_ABI},address,uint256,bytes32[])",
        encode([HEADER_ABI, "address", "uint256", "bytes32[]"], [HEADER_VALUES, MINER, 7, [b"\3" * 32]]),
    ),
    (
        pay.ClaimTo(FEDERATION, VAULT, HEADER, MINER, 7, (), FACTORY, b"signed"),
        VAULT,
        f"claimTo({HEADER_ABI},address,uint256,bytes32[],address,bytes)",
        encode(
            [HEADER_ABI, "address", "uint256", "bytes32[]", "address", "bytes"],
            [HEADER_VALUES, MINER, 7, [], FACTORY, b"signed"],
        ),
    ),
    (pay.ClaimAttestations(FEDERATION, VAULT, MINER), VAULT, "claimAttestations(address)", padded(MINER)),
    (pay.Reclaim(FEDERATION, VAULT), VAULT, "reclaim()", b""),
    (
        bond.Deposit(FEDERATION, VAULT, MINER, 9, 9, 1),
        VAULT,
        "deposit(address,uint256)",
        encode(["address", "uint256"], [MINER, 9]),
    ),
    (bond.Unbond(FEDERATION, VAULT, 9, 1), VAULT, "unbond(uint256)", word(9)),
    (bond.Withdraw(FEDERATION, VAULT, MINER, 1), VAULT, "withdraw(address)", encode(["address"], [MINER])),
    (bond.Burn(FEDERATION, VAULT, 1), VAULT, "burn()", b""),
    (
        act.GrantRole(FEDERATION, b"\2" * 32, MINER),
        FEDERATION,
        "grantRole(bytes32,address)",
        encode(["bytes32", "address"], [b"\2" * 32, MINER]),
    ),
    (
        act.RevokeRole(FEDERATION, b"\2" * 32, MINER),
        FEDERATION,
        "revokeRole(bytes32,address)",
        encode(["bytes32", "address"], [b"\2" * 32, MINER]),
    ),
    (
        act.SetAllowList(FEDERATION, MINER, b"\2" * 32),
        MINER,
        "setRoot(address,bytes32)",
        encode(["address", "bytes32"], [FEDERATION, b"\2" * 32]),
    ),
    (
        bond.Report(FEDERATION, FACTORY, Evidence(1, FACTORY, SAID, Signed(MINER, OPPOSITE, b"other"))),
        FACTORY,
        f"report(address,{STATEMENT_ABI},bytes,{STATEMENT_ABI},bytes)",
        encode(
            ["address", STATEMENT_ABI, "bytes", STATEMENT_ABI, "bytes"],
            [MINER, dataclasses.astuple(SAID.statement), b"one", dataclasses.astuple(OPPOSITE), b"other"],
        ),
    ),
]


def test_every_action_has_a_case() -> None:
    assert {type(case[0]) for case in CALLS} == set(get_args(act.Action))


@pytest.mark.parametrize(
    ("action", "to", "signature", "arguments"), CALLS[1:], ids=lambda v: type(v).__name__
)
def test_action_becomes_its_call(
    gateways: Gateways, action: act.Action, to: str, signature: str, arguments: bytes
) -> None:
    call = gateways.call(action)
    assert call.to == to
    assert call.data == selector(signature) + arguments


def test_ether_goes_along_with_a_payment_in_ether_alone(gateways: Gateways) -> None:
    sums = [gateways.call(case[0]).value for case in CALLS]
    assert [value for value in sums if value] == [7, 9], "a payment, and a deposit of stake"
    assert gateways.call(pay.Fund(FEDERATION, VAULT, 7, POW)).value == 0


def test_refusals_of_tokens_are_named(codec: Codec) -> None:
    data = selector("ERC20InsufficientAllowance(address,uint256,uint256)") + padded(VAULT) + word(1) + word(2)
    assert str(codec.revert(data)).startswith(
        f"the contract refused: ERC20InsufficientAllowance({VAULT}, 1, 2)"
    )


def test_config_keeps_the_order_of_its_fields(gateways: Gateways) -> None:
    data = gateways.call(CALLS[0][0]).data[4:]
    # Before the configuration, which is found by its offset: the two terms, which have none.
    config = data[int.from_bytes(data[:32], "big") :]
    words = [config[i : i + 32] for i in range(0, len(config), 32)]
    assert words[:5] == [
        CID.digest,
        word(0x70),
        b"\6" * 32,
        word(0x55),
        bytes.fromhex(POW[2:].rjust(64, "0")),
    ]
    assert [int.from_bytes(w, "big") for w in words[6:24]] == list(range(1, 19))


def test_value_out_of_range_is_named(gateways: Gateways) -> None:
    with pytest.raises(ChainError, match="does not fit the contract's type"):
        gateways.call(act.Vote(FEDERATION, 1 << 32, b"\2" * 32, b""))


def test_state_is_read_by_name(gateways: Gateways) -> None:
    values = [int(n) for n in range(17)]
    state_abi = (
        "(uint8,uint8,uint32,uint40,uint40,uint8,uint8,uint64,uint64,uint64,uint64,uint64,uint64,uint64,uint64,uint64,"
        "uint32,bytes32,bytes32,bytes32,uint8,uint32,bytes32,(bytes32,uint8),uint16,uint16,uint40,uint32,bool)"
    )
    roots = [b"\1" * 32, b"\2" * 32, b"\3" * 32]
    values[:2] = [1, 3]
    rest = [5, 6, b"\4" * 32, (CID.digest, 0x70), 7, 8, 9, 10, True]
    query = gateways.federation(FEDERATION).state()
    state = query.make(query.function.decode(encode([state_abi], [[*values, *roots, *rest]])))
    assert state == FederationState(
        Status.RUNNING, Phase.MINING, *values[2:], *roots, 5, 6, b"\4" * 32, CID, 7, 8, 9, 10, True
    )
    assert isinstance(state.phase, Phase) and isinstance(state.closing, bool)


def test_every_event_of_the_protocol_is_bound(codec: Codec) -> None:
    assert len(set(codec.topics())) == len(get_args(ev.Event))
    assert codec.topics(ev.RoundOpened) == [
        "0x" + keccak(text="RoundOpened(uint32,uint64,uint64,uint256[],uint40)").hex()
    ]


def test_update_is_decoded_with_its_place(codec: Codec) -> None:
    raw = entry(
        "UpdateSubmitted(uint32,address,uint16,bytes32,uint8,uint32,uint32,uint64,int64,int64)",
        [word(3), bytes.fromhex(MINER[2:].rjust(64, "0"))],
        ["uint16", "bytes32", "uint8", "uint32", "uint32", "uint64", "int64", "int64"],
        [1, CID.digest, 0x70, 4, 5, 6, -7, 8],
    )
    assert codec.log(raw, 99) == ev.Log(
        ev.UpdateSubmitted(3, MINER, 1, CID, 4, 5, 6, -7, 8),
        FEDERATION, 5, b"\xaa" * 32, 2, 99, b"\xbb" * 32,
    )  # fmt: skip


def test_nested_structs_and_enums_are_decoded(codec: Codec) -> None:
    proposed = entry(
        f"BlockProposed(uint32,uint8,bytes32,{HEADER_ABI},uint40)",
        [word(2), word(1), b"\x09" * 32],
        [HEADER_ABI, "uint40"],
        [HEADER_VALUES, 77],
    )
    log = codec.log(proposed, 0)
    assert log and log.event == ev.BlockProposed(2, 1, b"\x09" * 32, HEADER, 77)
    dropped = entry(
        "CandidateDropped(uint32,uint8,bytes32,uint8)", [word(2), word(1), b"\x09" * 32], ["uint8"], [2]
    )
    log = codec.log(dropped, 0)
    assert log and log.event == ev.CandidateDropped(2, 1, b"\x09" * 32, Drop.TIMED_OUT)


def test_endpoint_that_is_no_text_does_no_harm(codec: Codec) -> None:
    raw = entry("EndpointChanged(string)", [], ["bytes"], [b"http://\xff\xfe"])
    log = codec.log(raw, 0)
    assert log and log.event == ev.EndpointChanged("http://\ufffd\ufffd")


def test_foreign_event_is_passed_over(codec: Codec) -> None:
    assert codec.log(entry("Initialized(uint64)", [], ["uint64"], [1]), 0) is None
    assert codec.log(entry("Initialized(uint64)", [], ["uint64"], [1]) | {"topics": []}, 0) is None


def test_typed_error_carries_its_arguments(codec: Codec) -> None:
    data = selector("FederationUnexpectedPhase(uint32,uint8,uint8)") + word(4) + word(1) + word(3)
    error = codec.revert(data)
    assert (error.name, error.arguments) == ("FederationUnexpectedPhase", (4, Phase.TRAINING, Phase.MINING))
    assert isinstance(error.arguments[1], Phase)


def test_error_of_another_contract_is_known(codec: Codec) -> None:
    data = (
        selector("ConsensusInvalidProof(uint32,address)") + word(4) + bytes.fromhex(MINER[2:].rjust(64, "0"))
    )
    assert codec.revert(data).arguments == (4, MINER)


@pytest.mark.parametrize(
    ("data", "name", "arguments"),
    [
        (selector("Error(string)") + encode(["string"], ["why"]), "Error", ("why",)),
        (selector("Panic(uint256)") + word(0x11), "Panic", (0x11,)),
        (b"\xde\xad\xbe\xef", "Unknown", (b"\xde\xad\xbe\xef",)),
        (b"", "NoReason", ()),
        (selector("FederationMinersFull(uint8)"), "FederationMinersFull", (b"",)),
    ],
)
def test_other_reverts_have_a_name_too(
    codec: Codec, data: bytes, name: str, arguments: tuple[object, ...]
) -> None:
    assert (codec.revert(data).name, codec.revert(data).arguments) == (name, arguments)


@pytest.mark.parametrize(
    "error",
    [
        RpcError(
            "eth_call", 3, "execution reverted", "0x" + selector("Panic(uint256)").hex() + "11".rjust(64, "0")
        ),
        RpcError(
            "eth_call",
            -32015,
            "VM error",
            "Reverted 0x" + selector("Panic(uint256)").hex() + "11".rjust(64, "0"),
        ),
        RpcError(
            "eth_call", -32000, "x", {"data": "0x" + selector("Panic(uint256)").hex() + "11".rjust(64, "0")}
        ),
    ],
)
def test_revert_is_found_wherever_a_node_puts_it(codec: Codec, error: RpcError) -> None:
    refusal = codec.refusal(error)
    assert refusal and (refusal.name, refusal.arguments) == ("Panic", (0x11,))


def test_other_refusals_are_no_reverts(codec: Codec) -> None:
    assert codec.refusal(RpcError("eth_call", -32000, "header not found")) is None
    bare = codec.refusal(RpcError("eth_call", -32000, "execution reverted"))
    assert bare and bare.name == "NoReason"


def test_changed_abi_is_refused() -> None:
    def event(name: str) -> dict[str, Any]:
        changed = abis()
        return next(e for e in changed["Federation"] if e["type"] == "event" and e["name"] == name) | {
            "abi": changed
        }

    renamed = event("RoundOpened")
    renamed["inputs"][1]["name"] = "miners"
    with pytest.raises(AbiMismatch, match="RoundOpened has no parameter 'snapshot'"):
        Codec(renamed["abi"])
    extended = event("RoundOpened")
    extended["inputs"].append({"name": "weight", "type": "uint64", "indexed": False})
    with pytest.raises(AbiMismatch, match="RoundOpened has no field for weight"):
        Codec(extended["abi"])
    retyped = event("RoundOpened")
    retyped["inputs"][1]["type"] = "address"
    with pytest.raises(AbiMismatch, match="RoundOpened.snapshot is address"):
        Codec(retyped["abi"])
    missing = abis()
    missing["Federation"] = [e for e in missing["Federation"] if e["name"] != "RoundOpened"]
    with pytest.raises(AbiMismatch, match="no event RoundOpened"):
        Codec(missing)
    missing = abis()
    missing["Miner"] = [e for e in missing["Miner"] if e["name"] != "pool"]
    with pytest.raises(AbiMismatch, match="Miner has no function 'pool'"):
        Gateways(Codec(missing), FACTORY, POW)


def test_state_of_the_client_is_that_of_the_contract() -> None:
    assert [f.name for f in dataclasses.fields(FederationConfig)][-1] == "policy_parameters"
