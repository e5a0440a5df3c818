"""Verdicts: each rule, their precedence, and that the order of arrival never matters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_federation import MAX_BYTES, RULES, TENSORS, Arrays, SmallFederation, arrays

from minerva.errors import StoreError, VerificationFailed
from minerva.learning.similarity import inner_products, is_untrained
from minerva.learning.weights import Weights, parse, serialize
from minerva.protocol.cid import Cid
from minerva.protocol.history import Registration
from minerva.protocol.reasons import Reason
from minerva.protocol.records import PlacedUpdate, Update
from minerva.verification import spool
from minerva.verification.judge import Judge

FEDERATION = "0x" + "11" * 20
BASE = serialize(arrays(0), {})
OPENED = 1000


def device(number: int) -> str:
    return f"0x{number:040x}"


def placed(number: int, block: int, *, samples: int = 100) -> PlacedUpdate:
    """The update of device ``number``, in block ``block`` of the chain."""
    cid = Cid(bytes(31) + bytes((number,)))
    update = Update(FEDERATION, 1, device(number), FEDERATION, cid, samples, 1, 100, 0, 0)
    return PlacedUpdate(update, 0, number, block, 0, OPENED + block)


def content(number: int, tensors: Arrays) -> bytes:
    return serialize(tensors, {"federation": FEDERATION, "round": "1", "device": device(number)})


def judge(spool_folder: Path | None = None) -> Judge:
    return Judge(FEDERATION, 1, TENSORS, RULES, BASE, MAX_BYTES, spool=spool_folder)


def see(judge: Judge, update: PlacedUpdate, *, rate_ns: int = 1000) -> Reason | None:
    registration = Registration(update.update.device, FEDERATION, b"\1" * 32, 100, rate_ns, 1)
    return judge.record(update, registration, rate_ns, OPENED)


def near(tensors: Arrays, factor: float) -> Arrays:
    """The same direction of training, another length."""
    base = arrays(0)
    moved = {name: base[name] + factor * (tensors[name] - base[name]) for name in ("bias", "weight")}
    return {"count": tensors["count"], **{name: array.astype(np.float32) for name, array in moved.items()}}


NOT_FINITE = {**arrays(5), "bias": np.array([0, np.nan, 0], np.float32)}
WRONG = {**arrays(5), "bias": np.zeros(4, np.float32)}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (content(1, arrays(5)), None),
        (Reason.UNAVAILABLE, Reason.UNAVAILABLE),
        (Reason.TOO_LARGE, Reason.TOO_LARGE),
        (b"\0" * (MAX_BYTES + 1), Reason.TOO_LARGE),
        (b"not safetensors", Reason.MALFORMED),
        (b"", Reason.MALFORMED),
        (content(1, WRONG), Reason.WRONG_TENSORS),
        (content(1, NOT_FINITE), Reason.NOT_FINITE),
        (content(2, arrays(5)), Reason.WRONG_METADATA),
        (content(1, arrays(0)), Reason.UNTRAINED),
        (content(1, {**arrays(0), "count": np.array(9)}), Reason.UNTRAINED),
    ],
)
def test_a_content_is_refused_with_its_reason(data: bytes | Reason, reason: Reason | None) -> None:
    found, update = judge(), placed(1, 5)
    assert see(found, update) is None
    assert found.admit(update, data) is reason
    assert found.reasons([update]) == [reason]
    assert found.verdicts([update]) == bytes((255 if reason is None else reason,))


def test_what_never_came_is_unavailable() -> None:
    found, update = judge(), placed(1, 5)
    see(found, update)
    assert found.verdicts([update]) == bytes((Reason.UNAVAILABLE,))


def test_bytes_once_admitted_stay() -> None:
    found, update = judge(), placed(1, 5)
    see(found, update)
    found.admit(update, Reason.UNAVAILABLE)
    found.admit(update, content(1, arrays(5)))
    found.admit(update, Reason.UNAVAILABLE)
    assert found.reasons([update]) == [None]


def test_rule_3_goes_before_all_others() -> None:
    found, update = judge(), placed(1, 5, samples=101)
    assert see(found, update) is Reason.SAMPLES_EXCEED_DATASET
    found.admit(update, b"junk")
    assert found.reasons([update]) == [Reason.SAMPLES_EXCEED_DATASET]


def test_the_later_of_two_parallel_updates_is_the_copy_whichever_came_first() -> None:
    first, second = placed(1, 5), placed(2, 6)
    for order in ([first, second], [second, first]):
        found = judge()
        for update in order:
            see(found, update)
            number = int(update.update.device, 16)
            found.admit(update, content(number, near(arrays(5), float(number))))
        assert found.reasons([first, second]) == [None, Reason.COPY]


def test_what_another_rule_refuses_is_no_original() -> None:
    found, liar, honest = judge(), placed(1, 5, samples=101), placed(2, 6)
    for update, number in ((liar, 1), (honest, 2)):
        see(found, update)
        found.admit(update, content(number, arrays(5)))
    assert found.reasons([liar, honest]) == [Reason.SAMPLES_EXCEED_DATASET, None]


def test_a_reorganisation_may_swap_original_and_copy() -> None:
    found, first, second = judge(), placed(1, 5), placed(2, 6)
    for update, number in ((first, 1), (second, 2)):
        see(found, update)
        found.admit(update, content(number, arrays(5)))
    assert found.reasons([first, second]) == [None, Reason.COPY]
    moved = replace(first, block_number=7, timestamp=OPENED + 7)
    assert found.reasons([moved, second]) == [Reason.COPY, None]
    assert found.reasons([second]) == [None]
    early = replace(moved, timestamp=OPENED - 2)
    assert found.reasons([early, second]) == [Reason.TIME_EXCEEDS_CLOCK, None]


def test_refuses_to_vote_on_an_update_whose_record_it_never_saw() -> None:
    with pytest.raises(ValueError, match="no record"):
        judge().verdicts([placed(1, 5)])


@pytest.mark.parametrize("base", [b"junk", serialize(WRONG, {})])
def test_refuses_a_base_that_is_no_model_of_the_manifest(base: bytes) -> None:
    with pytest.raises(VerificationFailed, match="global model"):
        Judge(FEDERATION, 1, TENSORS, RULES, base, MAX_BYTES)


contents = st.one_of(
    st.tuples(st.just("trained"), st.integers(1, 3), st.sampled_from((1.0, 0.5, 2.0))),
    st.tuples(st.sampled_from(("missing", "junk", "untrained")), st.just(0), st.just(1.0)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(contents, st.booleans()), min_size=1, max_size=6), st.data())
def test_verdicts_are_those_of_the_rules_in_any_order_of_arrival(plan: list[Any], data: Any) -> None:
    blocks = data.draw(st.permutations(range(1, len(plan) + 1)))
    updates = [placed(n, blocks[n], samples=100 if honest else 101) for n, (_, honest) in enumerate(plan)]
    served: list[bytes | None] = []
    for number, ((kind, seed, factor), _) in enumerate(plan):
        tensors = near(arrays(seed), factor) if kind == "trained" else arrays(0)
        served.append({"missing": None, "junk": b"junk"}.get(kind, content(number, tensors)))
    parts = [(number, what) for number in range(len(plan)) for what in ("record", "content")]
    found = judge()
    for number, what in data.draw(st.permutations(parts)):
        if what == "record":
            see(found, updates[number])
        elif (bytes_ := served[number]) is not None:
            found.admit(updates[number], bytes_)
    assert found.reasons(updates) == by_the_rules(plan, updates, served)


def by_the_rules(plan: list[Any], updates: list[PlacedUpdate], served: list[bytes | None]) -> list[object]:
    """Rules 1 to 4 written out a second time, with every pair compared."""
    base, reasons = parse(BASE), list[object]()
    trained = {
        number: parse(bytes_)
        for number, bytes_ in enumerate(served)
        if bytes_ not in (None, b"junk") and plan[number][1] and not is_untrained(parse(bytes_), base)
    }
    for number, bytes_ in enumerate(served):
        earlier = [other for other in trained if updates[other].position < updates[number].position]
        if not plan[number][1]:
            reasons.append(Reason.SAMPLES_EXCEED_DATASET)
        elif bytes_ is None or bytes_ == b"junk":
            reasons.append(Reason.UNAVAILABLE if bytes_ is None else Reason.MALFORMED)
        elif number not in trained:
            reasons.append(Reason.UNTRAINED)
        else:
            copy = any(cosine(trained[number], trained[other], base) >= 0.999 for other in earlier)
            reasons.append(Reason.COPY if copy else None)
    return reasons


def cosine(first: Weights, second: Weights, base: Weights) -> float:
    (product, square), (other,) = (
        inner_products(first, [second, first], base),
        inner_products(second, [second], base),
    )
    return product / (square * other) ** 0.5


def test_threads_agree(tmp_path: Path) -> None:
    updates = [placed(number, 60 - number) for number in range(30)]
    found = judge(tmp_path)

    def arrive(update: PlacedUpdate) -> None:
        see(found, update)
        number = int(update.update.device, 16)
        found.admit(update, content(number, arrays(1 + number % 10)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(arrive, updates))
    assert found.reasons(updates) == [Reason.COPY] * 20 + [None] * 10
    assert list(tmp_path.iterdir()) == []  # the spool's file has no name


def test_a_spool_keeps_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 256)
    keeper = spool.Spool(tmp_path)
    views = [keeper.keep(bytes((n,)) * length) for n, length in enumerate((100, 200, 1000, 1, 64))]
    assert [bytes(view) for view in views] == [bytes((n,)) * len(view) for n, view in enumerate(views)]
    assert all(view.readonly for view in views)


def test_a_spool_without_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        spool.Spool(tmp_path / "missing").keep(b"data")


def test_the_chain_takes_the_ballot(federation: SmallFederation) -> None:
    federation.submit(1, federation.content(1, 101))  # the very tensors that device 0 submits next
    federation.close_training()
    federation.vote()
    assert federation.record.ballots == {0: bytes((255, Reason.COPY, 255))}
