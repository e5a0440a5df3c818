"""R6, Y5 and A1: standard trees are those of the npm package, and their proofs show their entries alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from minerva.protocol.merkle import StandardMerkleTree, standard_leaf, verify_proof
from minerva.protocol.records import ZERO32

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(given.map(({ types, values }) => {
  const tree = StandardMerkleTree.of(values, types);
  return { root: tree.root, proofs: values.map((_, i) => tree.getProof(i)) };
})));
"""
SUMS, ROLES = ("address", "uint256"), ("address", "uint8")


def account(number):
    return to_checksum_address(keccak(text=f"account {number}")[-20:])


accounts = st.integers(0, 2**160 - 1).map(lambda n: to_checksum_address(n.to_bytes(20, "big")))
entries = st.dictionaries(accounts, st.integers(0, 2**256 - 1), min_size=1, max_size=20)


@pytest.mark.parametrize("types", [SUMS, ROLES])
def test_roots_and_proofs_are_the_packages(types):
    """Y5 and A1: for every number of leaves up to 17, and many."""
    if not (ROOT / "node_modules" / "@openzeppelin" / "merkle-tree").is_dir():
        pytest.skip("node_modules lacks @openzeppelin/merkle-tree: run make setup")
    most = 2**256 - 1 if types == SUMS else 2
    sets = [[(account(n), n * 10**18 % most) for n in range(size)] for size in (*range(1, 18), 100, 257)]
    given = [{"types": types, "values": [(a, str(n)) for a, n in values]} for values in sets]
    run = subprocess.run(
        ["node", "-e", SCRIPT], input=json.dumps(given), capture_output=True, text=True, check=True, cwd=ROOT
    )
    for values, expected in zip(sets, json.loads(run.stdout), strict=True):
        tree = StandardMerkleTree(types, values)
        assert f"0x{tree.root.hex()}" == expected["root"]
        proofs = [[f"0x{node.hex()}" for node in tree.proof(value)] for value in values]
        assert proofs == expected["proofs"]


@given(entries, st.randoms(use_true_random=False))
def test_the_order_of_the_entries_does_not_matter(sums, random):
    values = list(sums.items())
    shuffled = random.sample(values, len(values))
    assert StandardMerkleTree(SUMS, values).root == StandardMerkleTree(SUMS, shuffled).root


@given(entries)
def test_every_entry_has_a_proof_and_nothing_else(sums):
    tree = StandardMerkleTree(SUMS, sums.items())
    for name, amount in sums.items():
        proof = tree.proof((name, amount))
        assert tree.verify((name, amount), proof)
        assert not tree.verify((name, (amount + 1) % 2**256), proof)
        assert not tree.verify((name, amount), [*proof, ZERO32])
        assert not proof or not tree.verify((name, amount), proof[:-1])


def test_a_proof_for_no_entry_is_not_made():
    tree = StandardMerkleTree(SUMS, [(account(1), 5)])
    with pytest.raises(KeyError):
        tree.proof((account(1), 6))


def test_without_entries_the_root_is_zero():
    assert StandardMerkleTree(SUMS, []).root == ZERO32


def test_an_inner_node_passes_for_no_entry():
    """Leaves are hashed twice."""
    values = [(account(1), 5), (account(2), 6)]
    tree = StandardMerkleTree(SUMS, values)
    one, other = sorted(standard_leaf(SUMS, value) for value in values)
    assert keccak(one + other) == tree.root
    assert not verify_proof(tree.root, keccak(keccak(one + other)), [])
