"""The Merkle tree against the published vectors of RFC 6962 logs, and against a slow twin written from the RFC's recursion."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest

from recoup.journal.tree import EMPTY_ROOT, Frontier, Tree, is_consistent, is_included

# Leaves and roots of the reference tests of certificate-transparency (merkletree); the roots are of the first 1, 2, ... leaves.
LEAVES = [
    bytes.fromhex(x)
    for x in "|00|10|2021|3031|40414243|5051525354555657|606162636465666768696a6b6c6d6e6f".split(
        "|"
    )
]
ROOTS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()
INCLUSION_0_OF_8 = """
96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4
""".split()
CONSISTENCY_6_TO_8 = """
0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
""".split()


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_proof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if whole else [slow_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*slow_proof(m, leaves[:k], whole), slow_root(leaves[k:])]
    return [*slow_proof(m - k, leaves[k:], False), slow_root(leaves[:k])]


def _tree(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def test_roots_and_proofs_are_the_published_ones():
    tree, frontier = Tree(), Frontier()
    assert tree.root() == frontier.root() == EMPTY_ROOT == slow_root([])
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.append(leaf)
        frontier.append(leaf)
        assert tree.root().hex() == frontier.root().hex() == root
    assert [x.hex() for x in tree.inclusion(0)] == INCLUSION_0_OF_8
    assert [x.hex() for x in tree.consistency(6)] == CONSISTENCY_6_TO_8


SIZE = 40


@pytest.fixture(scope="module")
def leaves():
    return [b"leaf %d" % n for n in range(SIZE)]


def test_every_root_and_proof_is_the_twins_and_is_accepted(leaves):
    tree = _tree(leaves)
    for size in range(1, SIZE + 1):
        root = slow_root(leaves[:size])
        assert tree.root(size) == root
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert list(proof) == slow_path(index, leaves[:size])
            assert is_included(leaves[index], index, size, proof, root)
        for older in range(1, size + 1):
            proof = tree.consistency(older, size)
            assert list(proof) == slow_proof(older, leaves[:size])
            assert is_consistent(older, slow_root(leaves[:older]), size, root, proof)


def test_a_changed_proof_is_refused(leaves):
    tree, chance = _tree(leaves), random.Random(1)
    for _ in range(2_000):
        size = chance.randint(2, SIZE)
        index, older, root = chance.randrange(size), chance.randint(1, size), tree.root(size)
        inclusion, consistency = (
            list(tree.inclusion(index, size)),
            list(tree.consistency(older, size)),
        )
        for proof in (inclusion, consistency):
            way = chance.randrange(3)
            if way == 0 and proof:
                proof[chance.randrange(len(proof))] = chance.randbytes(32)
            elif way == 1 and proof:
                del proof[chance.randrange(len(proof))]
            else:
                proof.insert(chance.randint(0, len(proof)), chance.randbytes(32))
        assert not is_included(leaves[index], index, size, inclusion, root)
        assert not is_consistent(older, tree.root(older), size, root, consistency)


def test_a_proof_is_for_its_own_leaf_place_size_and_root_only(leaves):
    tree = _tree(leaves)
    proof, root = tree.inclusion(5, 12), tree.root(12)
    assert is_included(leaves[5], 5, 12, proof, root)
    assert not is_included(leaves[6], 5, 12, proof, root)
    assert not is_included(leaves[5], 4, 12, proof, root)
    assert not is_included(leaves[5], 5, 12, proof, tree.root(13))
    assert not is_included(leaves[5], 12, 12, proof, root)
    steps = tree.consistency(5, 12)
    assert is_consistent(5, tree.root(5), 12, root, steps)
    assert not is_consistent(5, tree.root(6), 12, root, steps)
    assert not is_consistent(6, tree.root(5), 12, root, steps)
    assert not is_consistent(13, tree.root(13), 12, root, steps)
    assert not is_consistent(12, tree.root(5), 12, root, ())
    assert is_consistent(12, root, 12, root, ())
    assert is_consistent(0, EMPTY_ROOT, 12, root, ())
    assert not is_consistent(0, root, 12, root, ())
    assert not is_consistent(5, tree.root(5), 12, root, ())
    assert not is_consistent(0, EMPTY_ROOT, 0, root, ())


def test_a_size_that_the_tree_never_had_is_our_own_mistake(leaves):
    tree = _tree(leaves[:3])
    for ask in (
        lambda: tree.root(4),
        lambda: tree.inclusion(3),
        lambda: tree.consistency(4),
        lambda: tree.consistency(-1),
    ):
        with pytest.raises(AssertionError):
            ask()
