"""Publishing on Sourcify: given a deployment file and what lies beside it, a server of its API gets what it asks for."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from scripts import publish as script
from scripts.config import DEPLOYMENT
from scripts.contracts import TABLE
from scripts.export import describe
from scripts.files import write_json
from scripts.sources import write_sources

from minerva.errors import ChainUnreachable, ConfigError, VerificationFailed

CONTRACTS = [part.contract for part in TABLE]


class Server(ThreadingHTTPServer):
    """Speaks Sourcify's API; ``verdicts`` has what it says of an address, and a job needs a second look."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.known, self.verdicts, self.looks = {}, set(), {}, {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, (*_, chain, last) = self.server, self.path.split("/")
        if self.path.startswith("/v2/contract/"):
            return self._answer({"match": "exact_match"} if last in server.known else {"match": None}, 404)
        server.looks[last] = server.looks.get(last, 0) + 1
        if server.looks[last] < 2:
            return self._answer({"isJobCompleted": False})
        verdict = server.verdicts.get(last, {"contract": {"match": "exact_match", "chainId": chain}})
        return self._answer({"isJobCompleted": True, **verdict})

    def do_POST(self):
        server, (*_, chain, address) = self.server, self.path.split("/")
        server.asked[address] = chain, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"verificationId": address}, 202)

    def _answer(self, document, status=200):
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def server():
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def document(monkeypatch, tmp_path, server, site, deployed, sources):
    path = tmp_path / "deployment.json"
    made = describe(31337, deployed, site.artefacts, sources)
    write_json(path, made)
    write_sources(sources, path)
    monkeypatch.setenv(DEPLOYMENT, str(path))
    monkeypatch.setenv(script.SERVER, server.url + "/")
    monkeypatch.setattr(script, "_PAUSE", 0.01)
    return made


def test_sends_every_contract_with_what_it_takes(document, server, sources, capsys):
    script.main()
    told = capsys.readouterr().out
    for contract in CONTRACTS:
        entry = document["contracts"][contract]
        chain, request = server.asked[entry["address"]]
        assert chain == "31337"
        assert request["stdJsonInput"] == sources[contract].input
        assert request["compilerVersion"] == entry["compiler"]["version"]
        source, name = request["contractIdentifier"].split(":")
        assert name == contract and source in request["stdJsonInput"]["sources"]
        assert request["creationTransactionHash"] == entry["transaction"]
        assert f"published   {contract} at {entry['address']}: exact_match" in told


def test_sends_nothing_that_is_there(document, server):
    addresses = [entry["address"] for entry in document["contracts"].values()]
    server.known = set(addresses[1:])
    script.main()
    assert list(server.asked) == addresses[:1]


def test_a_contract_that_differs_is_one_line(document, server, capsys):
    address = document["contracts"][CONTRACTS[0]]["address"]
    server.verdicts[address] = {
        "contract": {"match": None},
        "error": {"message": "The bytecodes don't match."},
    }
    with pytest.raises(SystemExit) as ended:
        script.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"minerva: {CONTRACTS[0]} is not verified: {address}: The bytecodes don't match.")
    assert ended.value.code == VerificationFailed.exit_code and len(server.asked) == 1


def test_sources_that_are_gone_are_named(document, server, tmp_path):
    (tmp_path / "deployment" / "sources" / "Miner" / "input.json").unlink()
    with pytest.raises(
        ConfigError, match="the sources of Miner are not beside the deployment file: .*Run scripts/export"
    ):
        script.run()


def test_a_server_that_does_not_answer_is_named(document, server, monkeypatch):
    monkeypatch.setenv(script.SERVER, "http://127.0.0.1:9")
    with pytest.raises(ChainUnreachable, match="Sourcify does not answer at http://127.0.0.1:9"):
        script.run()
