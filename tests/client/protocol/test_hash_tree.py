"""Merkle trees of RFC 6962, by the vectors of certificate transparency's reference implementation."""

from __future__ import annotations

import pytest

from minerva.protocol.hash_tree import is_under, leaf, path, root

DATA = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
LEAVES = [leaf(data) for data in DATA]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("count", sorted(ROOTS))
def test_roots_are_the_reference_implementations(count: int) -> None:
    assert root(LEAVES[:count]).hex() == ROOTS[count]


def test_every_leaf_has_a_path_in_its_place_only() -> None:
    for count in range(1, 34):
        leaves = [leaf(bytes([number])) for number in range(count)]
        above = root(leaves)
        for index in range(count):
            way = path(leaves, index)
            assert is_under(above, leaves[index], index, count, way)
            assert not any(
                is_under(above, leaves[index], at, count, way) for at in range(count) if at != index
            )
            assert not is_under(above, leaf(b"another"), index, count, way)
            assert not is_under(above, leaves[index], index, count, [*way, above])
            assert not way or not is_under(above, leaves[index], index, count, way[:-1])


@pytest.mark.parametrize(("index", "count"), [(-1, 8), (8, 8), (0, 0)])
def test_a_place_that_is_none_holds_nothing(index: int, count: int) -> None:
    assert not is_under(root(LEAVES), LEAVES[0], index, count, path(LEAVES, 0))


def test_a_node_does_not_pass_for_a_leaf_of_a_smaller_tree() -> None:
    inner = root(LEAVES[:2])
    assert not is_under(root(LEAVES), inner, 0, 8, path(LEAVES, 0)[1:])
