"""The mutations: children in the space, made of what is promised, parents left alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace
from spikeatlas.optim.methods.screened.mutations import LIKELY, SCALARS, Draw, Mutations
from spikeatlas.optim.methods.screened.textures import grid_of, weave
from tests.optim.cases import Array, Chain, chained


def embedded(positions: int, codes: int) -> CodeSpace:
    return CodeSpace(positions, codes, np.random.default_rng(7).standard_normal((codes, 5)))


WIDE = embedded(64, 160)
SPACES = {
    "embedded": embedded(64, 40),
    "bare": CodeSpace(64, 40),
    "few codes": embedded(12, 8),
    "few bare codes": CodeSpace(12, 8),
    "two codes": embedded(6, 2),
    "a row": embedded(7, 16),
    "one position": embedded(1, 16),
    "twin codes": CodeSpace(16, 40, np.zeros((40, 3))),
    "a prior": CodeSpace(64, 160, prior=Chain(64, 160)),
    "a prior in a row": CodeSpace(7, 16, prior=Chain(7, 16)),
    "a prior of one": CodeSpace(1, 2, prior=Chain(1, 2)),
}
COUNT = 300


def random_draw(space: CodeSpace, seed: int = 0) -> Draw:
    """Random parents, mates and likely codes."""
    rng, count = np.random.default_rng(seed), min(LIKELY, space.codes)
    shape = (COUNT, space.positions)
    return Draw(
        rng.integers(space.codes, size=shape),
        rng.integers(space.codes, size=shape),
        rng.random((*shape, space.codes)).argsort(axis=2)[..., :count],
        rng.random((COUNT, SCALARS)),
        rng.random(shape),
        rng.random(shape),
    )


def apart(space: CodeSpace = WIDE, **scalars: float) -> Draw:
    """Mates of codes 0 to 63, one a place; parents of codes 64 to 127; scalars `s<number>` as given."""
    position = np.tile(np.arange(space.positions), (COUNT, 1))
    draw = replace(random_draw(space), parent=position + space.positions, mate=position)
    for name, value in scalars.items():
        draw.scalar[:, int(name[1:])] = value
    return draw


@pytest.mark.parametrize("name", SPACES)
def test_every_mutation_stays_in_the_space_and_leaves_its_draw_alone(name: str) -> None:
    space = SPACES[name]
    mutations = Mutations(space).all
    for number, mutate in enumerate(mutations):
        draw, before = random_draw(space, number), random_draw(space, number)
        children = mutate(draw)
        assert children.shape == draw.parent.shape
        assert children.dtype == np.int64
        assert space.contains(children).all()
        for part in fields(Draw):
            assert np.array_equal(getattr(draw, part.name), getattr(before, part.name))
        children[:] = -1  # no view of the parents either
        assert np.array_equal(draw.parent, before.parent)
        assert np.array_equal(draw.mate, before.mate)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("uniform", [0.0, float(np.nextafter(1, 0))])
def test_the_extreme_uniform_numbers(name: str, uniform: float) -> None:
    space = SPACES[name]
    draw = random_draw(space)
    for part in (draw.scalar, draw.position, draw.choice):
        part[:] = uniform
    for mutate in Mutations(space).all:
        assert space.contains(mutate(draw)).all()


def test_model_takes_likely_codes_the_best_most() -> None:
    draw = apart()
    draw = replace(draw, likely=np.broadcast_to(np.arange(LIKELY), (COUNT, 64, LIKELY)))
    children = Mutations(WIDE).model(draw)
    changed = children != draw.parent
    assert (children[changed] < LIKELY).all()
    assert changed.any(axis=1).all()
    assert changed.sum(axis=1).min() == 1
    assert changed.mean(axis=1).max() > 0.9
    counts = np.bincount(children[changed], minlength=LIKELY)
    assert counts.argmax() == 0
    assert counts[0] > 2 * counts[4]
    assert counts[16:].any()


def test_model_takes_the_codes_of_the_place() -> None:
    space = SPACES["few codes"]
    likely = np.broadcast_to(np.arange(12)[:, None] % 4 + np.array([0, 4]), (COUNT, 12, 2))
    draw = replace(random_draw(space), parent=np.full((COUNT, 12), -1), likely=likely)
    children = Mutations(space).model(draw)
    assert ((children % 4 == np.arange(12) % 4) | (children == -1)).all()
    assert (children >= 0).any(axis=1).all()


def test_change_changes_few_codes_most_of_them_to_near_ones() -> None:
    draw, mutations = random_draw(WIDE), Mutations(WIDE)
    children = mutations.change(draw)
    changed = children != draw.parent
    assert changed.any(axis=1).mean() > 0.98  # "any code" may be the same
    assert 1 < changed.sum(axis=1).mean() < 3.5
    vectors = np.asarray(WIDE.embedding)
    distance = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    rank = distance.argsort(axis=1).argsort(axis=1)[draw.parent[changed], children[changed]]
    near = (rank <= 32).mean()  # 2/3, and a fifth of the third that may be any
    assert abs(near - (2 / 3 + 1 / 3 * 32 / 160)) < 0.06


def test_cross_takes_up_to_half_of_the_mate_s_codes() -> None:
    draw = apart()
    children = Mutations(WIDE).cross(draw)
    mates = children == draw.mate
    assert (mates | (children == draw.parent)).all()
    assert mates.any(axis=1).all()
    assert 0.2 < mates.mean() < 0.3
    assert mates.mean(axis=1).max() < 0.75


@pytest.mark.parametrize("away", [False, True])
def test_patch_is_a_rectangle_of_the_mate(*, away: bool) -> None:
    draw = apart(s4=0.3 if away else 0.5)
    children = Mutations(WIDE).patch(draw).reshape(-1, 8, 8)
    changed = children < 64
    down, right = np.divmod((children - np.arange(64).reshape(8, 8)), 8)
    sizes = set()
    for number, inside in enumerate(changed):
        high, wide = inside.any(axis=1).sum(), inside.any(axis=0).sum()
        assert inside.sum() == high * wide  # a rectangle, round the edges too
        sizes.add((high, wide))
        source = np.stack(np.divmod(children[number][inside], 8), axis=1)
        shift = (source - np.argwhere(inside)) % 8
        assert (shift == shift[0]).all()  # as it stood at the mate
        assert away or not shift.any()
    assert sizes == {(h, w) for h in range(1, 5) for w in range(1, 5)}
    assert away == bool((down[changed] != 0).any() and (right[changed] != 0).any())


@pytest.mark.parametrize("name", ["embedded", "bare"])
def test_replace_replaces_one_code_everywhere(name: str) -> None:
    space = SPACES[name]
    draw = random_draw(space)
    draw = replace(draw, parent=draw.parent % 3)
    children = Mutations(space).replace(draw)
    for parent, child in zip(draw.parent, children, strict=True):
        changed = parent != child
        old, new = np.unique(parent[changed]), np.unique(child[changed])
        assert len(old) == len(new) <= 1
        assert not changed.any() or changed.sum() == (parent == old[0]).sum()
    assert (children != draw.parent).any(axis=1).mean() > 0.9


def test_tile_repeats_a_patch_of_the_parent() -> None:
    draw = random_draw(WIDE)
    children = Mutations(WIDE).tile(draw).reshape(-1, 8, 8)
    high, wide = (1 + (draw.scalar[:, k] * 4).astype(int) for k in (0, 1))
    y0, x0 = ((draw.scalar[:, k] * 8).astype(int) for k in (2, 3))
    for number, child in enumerate(children):
        h, w = high[number], wide[number]
        parent = np.roll(draw.parent[number].reshape(8, 8), (-y0[number], -x0[number]), (0, 1))
        assert np.array_equal(child, np.tile(parent[:h, :w], (8, 8))[:8, :8])


def test_graft_puts_a_patch_of_a_texture_into_the_parent() -> None:
    draw = apart()
    children = Mutations(WIDE).graft(draw)
    texture = weave(WIDE, draw.scalar, draw.position, draw.choice)
    unchanged = (children == draw.parent) & (children != texture)
    assert (unchanged | (children == texture)).all()
    new = ~unchanged.reshape(-1, 8, 8)
    assert new.any(axis=(1, 2)).all()
    assert new.all(axis=(1, 2)).any()
    assert (new.sum(axis=(1, 2)) < 16).any()


def test_typical_redraws_a_rectangle_with_the_prior() -> None:
    space = SPACES["a prior"]
    draw = apart(space)
    draw = replace(draw, parent=np.full_like(draw.parent, -7))
    children = Mutations(space).typical(draw)
    free = (children != -7).reshape(-1, 8, 8)
    sizes = Counter[int]()
    for inside in free:
        down, right = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        assert inside.sum() == len(down) * len(right) > 0
        assert (np.diff(down) == 1).all()  # not round the edges
        assert (np.diff(right) == 1).all()
        sizes[int(inside.sum())] += 1
    assert sizes[64] > 0
    assert sum(sizes[size] for size in range(1, 9)) > 30
    assert {(0, 0), (7, 7)} <= {(y, x) for _, y, x in np.argwhere(free)}
    expected = Chain(64, 160).redraw(draw.parent, free.reshape(-1, 64), draw.choice)
    assert np.array_equal(children, expected)
    assert chained(children[free.all(axis=(1, 2))], 160).mean() > 0.8


def test_typical_is_a_mutation_of_spaces_with_a_prior() -> None:
    bare, with_prior = Mutations(WIDE), Mutations(SPACES["a prior"])
    assert len(with_prior.all) == len(bare.all) + 1
    assert with_prior.all[-1] == with_prior.typical
    assert bare.typical not in bare.all
    with pytest.raises(ValueError, match="the space has no prior: give CodeSpace one"):
        bare.typical(random_draw(WIDE))


@pytest.mark.parametrize("name", ["few codes", "few bare codes"])
def test_another_code_is_another(name: str) -> None:
    space = SPACES[name]
    draw = random_draw(space)
    assert (Mutations(space).replace(draw) != draw.parent).any(axis=1).all()


def test_neighbours_are_others_also_among_twins() -> None:
    for name in ("embedded", "few codes", "two codes", "twin codes"):
        space = SPACES[name]
        nearest = Mutations(space)._nearest
        assert nearest.shape == (space.codes, min(32, space.codes - 1))
        assert (nearest != np.arange(space.codes)[:, None]).all()
        assert grid_of(space)[0] * grid_of(space)[1] == space.positions


def children_of(space: CodeSpace) -> Array:
    return np.concatenate([mutate(random_draw(space)) for mutate in Mutations(space).all])


def test_the_same_draw_makes_the_same_children() -> None:
    assert np.array_equal(children_of(WIDE), children_of(WIDE))
