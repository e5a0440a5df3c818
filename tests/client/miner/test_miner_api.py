"""The HTTP API: health, status, pushes, contents, events, metrics, and errors that help."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from miner_scene import Scene, eventually
from prometheus_client.parser import text_string_to_metric_families

from minerva.errors import NodeConflict
from minerva.miner.api import ApiConfig, MinerServer, create_app
from minerva.miner.daemon import Miner
from minerva.protocol.reasons import Reason
from minerva.protocol.state import Phase
from minerva.store.cid import cid_of
from minerva.verification.combining import state_named

MakeScene = Callable[..., Scene]
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[MinerServer] = []

    def start(miner: Miner, **config: Any) -> str:
        options: dict[str, Any] = {"event_heartbeat_seconds": 0.1, **config}
        servers.append(MinerServer(create_app(miner, ApiConfig(**options)), max_body_bytes=1 << 20).start())
        return servers[-1].url

    yield start
    for server in servers:
        server.stop()


def put(url: str, data: bytes, cid: str | None = None) -> requests.Response:
    return requests.put(f"{url}/updates/{cid or cid_of(data)}", data=data, timeout=10)


def assert_problem(answer: requests.Response, status: int, words: str) -> None:
    assert answer.status_code == status, answer.text
    document = answer.json()
    assert set(document) == {"error", "value", "remedy"}
    assert words in document["error"] + document["remedy"]


# -- health and status -----------------------------------------------------------------------------------


def test_health_is_green_when_all_is_well(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    eventually(lambda: requests.get(f"{url}/health", timeout=5).status_code == 200)
    checks = requests.get(f"{url}/health", timeout=5).json()["checks"]
    assert set(checks) == {"registered", "synced", "can_sign", "store"} and all(
        c["ok"] for c in checks.values()
    )


def test_health_is_red_while_not_registered(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(7))
    eventually(lambda: requests.get(f"{url}/health", timeout=5).json()["checks"]["store"]["ok"])
    answer = requests.get(f"{url}/health", timeout=5)
    assert answer.status_code == 503
    assert answer.json()["checks"]["registered"] == {
        "ok": False,
        "words": "this account owns no miner of the federation",
    }
    scene.driver.join(7)
    eventually(lambda: requests.get(f"{url}/health", timeout=5).status_code == 200)


def test_health_is_red_without_money(scene: Scene, serve: Serve) -> None:
    scene.chain.fund(scene.driver.owner(0), 5)
    url = serve(scene.start(0))
    eventually(
        lambda: "less than" in requests.get(f"{url}/health", timeout=5).json()["checks"]["can_sign"]["words"]
    )
    assert requests.get(f"{url}/health", timeout=5).status_code == 503


def test_status_names_phase_participants_and_what_it_waits_for(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start_all()[0])
    scene.await_round(1)
    scene.submit_all(4)
    eventually(lambda: len(requests.get(f"{url}/status", timeout=5).json()["participants"]["missing"]) == 1)
    status = requests.get(f"{url}/status", timeout=5).json()
    assert (status["phase"], status["round"], status["index"]) == ("Training", 1, 0)
    assert status["participants"] == {
        "expected": 6, "submitted": 5, "missing": [scene.driver.device(4)], "miners": 3, "voted": 0,
    }  # fmt: skip
    assert status["waiting"] == {"what": "1 of 6 devices", "until": scene.state.deadline}
    assert status["warnings"] == ["1 of 6 devices have not submitted in round 1"]


def test_updates_and_blocks_tell_verdicts_in_words(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start_all()[0])
    scene.await_round(1)
    scene.submit_all(0)
    scene.submit(0, b"\x80 a pickle")
    scene.await_height(1)
    eventually(lambda: requests.get(f"{url}/blocks", timeout=5).json()["blocks"])
    answer = requests.get(f"{url}/updates", params={"round": 1}, timeout=5).json()
    row = next(u for u in answer["updates"] if u["device"] == scene.driver.device(0))
    assert (row["verdict"], row["accepted"]) == ("refused", False)
    assert row["verdict_words"] == row["refusal_words"] == Reason.MALFORMED.words
    assert sum(u["accepted"] for u in answer["updates"]) == 5
    assert answer["summary"]["expected"] == 6
    block = requests.get(f"{url}/blocks", params={"from": 1}, timeout=5).json()["blocks"][0]
    assert (block["number"], block["updates"], block["accepted"]) == (1, 6, 5)
    assert block["hash"] == "0x" + scene.chain.block_of(scene.federation, 1).hex()
    assert "round" in block["ms"]


@pytest.mark.parametrize(
    "path", ["/updates?round=x", "/updates?round=0", "/updates?round=99999999999", "/blocks?from=-1"]
)
def test_wrong_parameters_are_told(scene: Scene, serve: Serve, path: str) -> None:
    answer = requests.get(serve(scene.start(0)) + path, timeout=5)
    assert_problem(answer, 422, "/docs")


def test_unknown_paths_and_methods_are_told(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    assert_problem(requests.get(f"{url}/nothing", timeout=5), 404, "/docs")
    assert_problem(requests.post(f"{url}/health", timeout=5), 405, "/docs")


def test_a_fault_shows_no_traceback(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    miner = scene.start(0)
    monkeypatch.setattr(Miner, "checks", lambda self: 1 / 0)
    answer = create_app(miner).test_client().get("/health")
    assert answer.status_code == 500
    assert answer.get_json() == {
        "error": "a fault of the miner itself",
        "value": "ZeroDivisionError",
        "remedy": "Its log has the traceback.",
    }


def test_the_description_and_its_page_need_no_network(scene: Scene) -> None:
    client = create_app(scene.start(0)).test_client()
    paths = client.get("/openapi.json").get_json()["paths"]
    assert {
        "/health",
        "/status",
        "/updates",
        "/blocks",
        "/metrics",
        "/events",
        "/updates/{cid}",
        "/content/{cid}",
        "/models/{cid}",
    } <= set(paths)
    page = client.get("/docs").get_data(as_text=True)
    assert "/updates/{cid}" in page and "not deep enough" in page
    assert "src=" not in page and "//" not in page


def test_too_many_requests_are_refused_for_a_while(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0), rate_limit="5 per minute")
    answers = [requests.get(f"{url}/status", timeout=5) for _ in range(6)]
    assert [a.status_code for a in answers[:5]] == [200] * 5
    assert_problem(answers[5], 429, "Retry-After")
    assert int(answers[5].headers["Retry-After"]) > 0


def test_metrics_count_what_happened(scene: Scene, serve: Serve) -> None:
    miner = scene.start_all()[0]
    url = serve(miner)
    scene.play(1)
    eventually(lambda: miner.status.height == 1)
    families = {
        f.name: f for f in text_string_to_metric_families(requests.get(f"{url}/metrics", timeout=5).text)
    }
    verdicts = {s.labels["verdict"]: s.value for s in families["minerva_verdicts"].samples}
    assert verdicts == {"ACCEPTED": 6}
    assert families["minerva_height"].samples[0].value == 1
    gas = {s.labels["action"]: s.value for s in families["minerva_gas"].samples}
    assert gas["Vote"] == 70_000


# -- pushes ----------------------------------------------------------------------------------------------


def test_a_pushed_update_is_judged_and_kept(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start_all()[0])
    scene.await_round(1)
    datas = [scene.submit(device, serve=False) for device in range(6)]
    for data in datas:
        assert put(url, data).status_code == 201
    scene.await_height(1)
    rows = eventually(lambda: requests.get(f"{url}/updates?round=1", timeout=5).json()["updates"])
    assert all(row["verdict"] == "accepted" for row in rows)
    assert all(scene.store.has(cid_of(data)) for data in datas)
    assert requests.get(f"{url}/content/{cid_of(datas[0])}", timeout=5).content == datas[0]


def test_a_push_may_come_just_before_its_record_is_seen(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    scene.await_round(1)
    data, answers = scene.content(0), []
    thread = threading.Thread(target=lambda: answers.append(put(url, data)))
    thread.start()
    time.sleep(0.05)
    scene.submit(0, data, serve=False)
    thread.join()
    assert answers[0].status_code == 201


def test_a_push_without_a_record_is_refused(make_scene: MakeScene, serve: Serve) -> None:
    scene = make_scene()
    miner = scene.start(0, push_wait_seconds=0.05)
    url = serve(miner)
    scene.await_round(1)
    data = scene.content(0)
    eventually(lambda: "no record of round 1" in put(url, data).json()["error"])
    assert not scene.store.has(cid_of(data))


def test_a_push_between_rounds_is_refused(make_scene: MakeScene, serve: Serve) -> None:
    scene = make_scene(min_miners=5)
    assert_problem(put(serve(scene.start(0, push_wait_seconds=0.05)), b"anything"), 404, "no round")


def test_a_push_waits_for_the_confirmations(make_scene: MakeScene, serve: Serve) -> None:
    scene = make_scene(confirmations=3)
    url = serve(scene.start(0, push_wait_seconds=0.1))
    scene.await_round(1)
    data = scene.submit(0, serve=False)
    eventually(lambda: put(url, data).status_code == 425)
    assert_problem(put(url, data), 425, "3 more confirmations")
    scene.chain.mine(3)
    assert put(url, data).status_code == 201


def test_pushed_bytes_must_hash_to_the_cid(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    scene.await_round(1)
    data = scene.submit(0, serve=False)
    forged = data[:-1] + bytes([data[-1] ^ 1])
    assert_problem(put(url, forged, str(cid_of(data))), 422, "do not hash")
    assert put(url, data).status_code == 201
    assert put(url, data).status_code == 201


def test_a_push_is_bounded(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    scene.await_round(1)
    data = scene.submit(0, scene.content(0) + bytes(5000), serve=False)
    assert_problem(put(url, data), 413, "4096 bytes")
    assert put(url, bytes(2 << 20)).status_code == 413


def test_a_push_that_cannot_help_is_told_why(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    scene.await_round(1)
    data = scene.submit(0, serve=False, samples=0)
    assert_problem(put(url, data), 409, Reason.NO_SAMPLES.words)


def test_a_copied_cid_does_not_keep_its_device_from_pushing(scene: Scene, serve: Serve) -> None:
    miner = scene.start(0)
    url = serve(miner)
    scene.await_round(1)
    data = scene.content(1)
    scene.submit(0, data, serve=False, samples=0)
    eventually(lambda: miner.ledger.rows("SELECT * FROM updates"))
    scene.submit(1, data, serve=False)
    assert put(url, data).status_code == 201
    eventually(lambda: miner.ledger.rows("SELECT * FROM updates WHERE source = 'push' AND pool_index = 1"))


def test_a_push_waits_for_its_record_behind_a_copied_cid(scene: Scene, serve: Serve) -> None:
    miner = scene.start(0, push_wait_seconds=5.0)
    url = serve(miner)
    scene.await_round(1)
    data = scene.content(1)
    scene.submit(0, data, serve=False, samples=0)
    eventually(lambda: miner.ledger.rows("SELECT * FROM updates"))
    late = threading.Timer(0.3, lambda: scene.submit(1, data, serve=False))
    late.start()
    assert put(url, data).status_code == 201
    late.join()


@pytest.mark.parametrize("cid", ["x", "bafy", "b" * 60, "..%2F..%2Fetc%2Fpasswd", "bafkqaaa"])
def test_what_is_no_cid_is_refused(scene: Scene, serve: Serve, cid: str) -> None:
    url = serve(scene.start(0))
    for answer in (
        put(url, b"x", cid),
        requests.get(f"{url}/content/{cid}", timeout=5),
        requests.get(f"{url}/models/{cid}", timeout=5),
    ):
        assert answer.status_code in (400, 404) and set(answer.json()) == {"error", "value", "remedy"}


# -- contents --------------------------------------------------------------------------------------------


def test_the_state_of_the_aggregation_rule_is_served(make_scene: MakeScene, serve: Serve) -> None:
    """The states of this rule are longer than any model may be."""
    scene = make_scene(aggregation="centred_clipping+fedadam")
    url = serve(scene.start_all()[0])
    scene.play(1)
    scene.await_height(1)
    state = state_named(scene.store.get(scene.state.model, max_bytes=1 << 20, timeout=1))
    eventually(lambda: requests.get(f"{url}/content/{state}", timeout=5).status_code == 200)
    assert str(cid_of(requests.get(f"{url}/content/{state}", timeout=5).content)) == str(state)
    assert requests.get(f"{url}/models/{state}", timeout=5).status_code == 404


def test_models_bodies_and_the_manifest_are_served(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start_all()[0])
    config = scene.chain.config(scene.federation)
    scene.play(1)
    eventually(lambda: requests.get(f"{url}/models/{scene.state.model}", timeout=5).status_code == 200)
    for cid in (config.manifest, config.model, scene.state.model):
        answer = requests.get(f"{url}/content/{cid}", timeout=5)
        assert cid_of(answer.content) == cid and answer.headers["ETag"] == f'"{cid}"'
    assert requests.get(f"{url}/models/{config.manifest}", timeout=5).status_code == 404
    cached = requests.get(
        f"{url}/content/{config.model}", headers={"If-None-Match": f'"{config.model}"'}, timeout=5
    )
    assert cached.status_code == 304


def test_a_model_may_be_asked_for_just_before_its_block_is_seen(scene: Scene, serve: Serve) -> None:
    scene.start_all()
    late = serve(scene.start(9))
    scene.await_round(1)
    scene.submit_all()
    scene.await_height(1)
    assert requests.get(f"{late}/models/{scene.state.model}", timeout=5).status_code == 200


def test_nothing_else_is_served(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    private = scene.store.put(b"somebody's holiday pictures")
    assert_problem(requests.get(f"{url}/content/{private}", timeout=5), 404, "does not serve")


def test_an_update_is_served_once_accepted_only(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start_all()[0])
    scene.await_round(1)
    datas = [scene.submit(device) for device in range(5)]
    assert requests.get(f"{url}/content/{cid_of(datas[0])}", timeout=5).status_code == 404
    bad = scene.submit(5, b"\x80 a pickle")
    scene.await_height(1)
    eventually(lambda: requests.get(f"{url}/content/{cid_of(datas[0])}", timeout=5).content == datas[0])
    assert requests.get(f"{url}/content/{cid_of(bad)}", timeout=5).status_code == 404


def test_content_that_is_gone_is_told(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0, content_seconds=0.1, cache_bytes=0))
    config = scene.chain.config(scene.federation)
    scene.store._blocks.pop(config.model)
    assert_problem(requests.get(f"{url}/content/{config.model}", timeout=5), 504, "")


# -- events ----------------------------------------------------------------------------------------------


def lines(answer: requests.Response) -> Iterator[str]:
    return (line.decode() for line in answer.iter_lines())


def test_events_tell_the_logs_as_they_come(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    scene.await_round(1)
    with requests.get(f"{url}/events", stream=True, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        stream = lines(answer)
        assert next(stream) == "retry: 1000"
        scene.submit(0)
        documents = (json.loads(line[6:]) for line in stream if line.startswith("data: "))
        document = next(d for d in documents if d.get("event") == "UpdateSubmitted")
    assert document["device"] == scene.driver.device(0) and document["cid"].startswith("bafkrei")


def test_a_quiet_stream_has_a_heartbeat(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    with requests.get(f"{url}/events", stream=True, timeout=10) as answer:
        assert any(line == ": quiet" for line in lines(answer))


def test_streams_are_bounded_and_freed(scene: Scene, serve: Serve) -> None:
    miner = scene.start(0, event_clients=2)
    url = serve(miner)
    streams = [requests.get(f"{url}/events", stream=True, timeout=10) for _ in range(2)]
    assert_problem(requests.get(f"{url}/events", timeout=10), 503, "enough clients")
    for stream in streams:
        stream.close()
    eventually(lambda: miner.broadcaster.listeners == 0)
    assert requests.get(f"{url}/status", timeout=5).status_code == 200


def test_a_slow_listener_is_dropped(scene: Scene) -> None:
    miner = scene.start(0, event_queue=4)
    subscription = miner.broadcaster.subscribe()
    assert subscription is not None
    for number in range(10):
        miner.broadcaster.publish("log", {"number": number})
    assert subscription.lost and list(subscription.messages(0.1)) == []


def test_streams_end_with_the_miner(scene: Scene, serve: Serve) -> None:
    url = serve(scene.start(0))
    with requests.get(f"{url}/events", stream=True, timeout=10) as answer:
        stream = lines(answer)
        next(stream)
        scene.end(0)
        assert "retry" not in "".join(stream)


# -- the server ------------------------------------------------------------------------------------------


def test_a_taken_port_is_a_conflict(scene: Scene) -> None:
    app = create_app(scene.start(0))
    server = MinerServer(app).start()
    with pytest.raises(NodeConflict, match="cannot listen"):
        MinerServer(app, port=server.port)
    server.stop()
    MinerServer(app, port=server.port).stop()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1"])
def test_an_address_that_is_not_ours_is_a_conflict(scene: Scene, host: str) -> None:
    with pytest.raises(NodeConflict):
        MinerServer(create_app(scene.start(0)), host=host)


def test_pushes_reach_the_round_in_time(scene: Scene, serve: Serve) -> None:
    """The last push closes Training: nothing polls in between."""
    url = serve(scene.start_all()[0])
    scene.await_round(1)
    datas = [scene.submit(device, serve=False) for device in range(6)]
    for data in datas[:-1]:
        put(url, data)
    assert scene.state.phase in (Phase.TRAINING, Phase.VERIFICATION)
    put(url, datas[-1])
    scene.await_height(1, 5.0)
