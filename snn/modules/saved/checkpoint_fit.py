"""A checkpoint's tensors put into the module that the factory makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.neuron_modules import is_neuron
from spikeatlas.snn.modules.saved.tensor_kinds import require_plain, whole_numbers

_PARALLEL = "module."
_COMPILED = "_orig_mod"
_GRADED = "graded_spikes_factor"
_RESET = "reset_mechanism_val"
_MOST = 6


def fit_tensors(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> list[str]:
    """Put tensors of ``path`` into a module, in place; return notes, one line each, of what was done to their names.

    All of the module's tensors must be there, in their shapes, and no others. Tolerated: prefixes of DataParallel, of
    torch.compile, or one under which all of them stand, what stands beside it left out; tensors that are a neuron's
    state, no parameter; and snnTorch's ``graded_spikes_factor`` missing where the factory's value is 1. ValueError, one
    sentence that lists the keys, otherwise, and where snnTorch's reset is not the factory's.
    """
    expected = module.state_dict()
    names = {_plain(name): name for name in expected}
    notes, renamed = _renamed(tensors, names, path)
    state = {names.get(name, name): tensor for name, tensor in renamed.items()}
    notes += _drop_states(module, state)
    require_plain(expected, state, path)
    state = whole_numbers(expected, state, path)
    _check_resets(module, state, path)
    _check_keys(module, state, path)
    with torch.no_grad():
        module.load_state_dict(state, strict=False)
    return notes


def holds_all(module: nn.Module, tensors: Mapping[str, Tensor]) -> bool:
    """Tell whether all of a module's tensors are among some, by name and shape, under whatever prefix."""
    shapes = {_plain(name): tensor.shape for name, tensor in tensors.items()}
    expected = {_plain(name): tensor.shape for name, tensor in module.state_dict().items()}
    names = _sought(expected)
    return any(
        all(shapes.get(head + name) == expected[name] for name in names)
        for head in ("", *_heads(shapes))
    )


def _plain(name: str) -> str:
    """Return a tensor's name without what DataParallel and torch.compile write before it."""
    parts = [part for part in name.split(".") if part != _COMPILED]
    name = ".".join(parts)
    while name.startswith(_PARALLEL):
        name = name.removeprefix(_PARALLEL)
    return name


def _renamed(
    tensors: Mapping[str, Tensor], names: Collection[str], path: Path
) -> tuple[list[str], dict[str, Tensor]]:
    """Take prefixes off; return notes, and the tensors by the names that are in the module."""
    notes = []
    plain = {_plain(name): tensor for name, tensor in tensors.items()}
    for mark, origin in ((_PARALLEL, "DataParallel"), (f"{_COMPILED}.", "torch.compile")):
        if any(mark in f".{name}" and _plain(name) != name for name in tensors):
            notes.append(f"the prefix {mark!r} of {origin} is taken off")
    prefix = _common_prefix(plain, _sought(names), path)
    if prefix:
        notes.append(f"the prefix {prefix!r} is taken off")
    others = [name for name in plain if not name.startswith(prefix)]
    if others:
        notes.append(f"what stands outside of it is left out: {_listed(others)}")
    return notes, {
        name.removeprefix(prefix): tensor
        for name, tensor in plain.items()
        if name.startswith(prefix)
    }


def _common_prefix(keys: Collection[str], names: Collection[str], path: Path) -> str:
    """Return the prefix under which all of a module's ``names`` are among ``keys``, else most of them; '' if none are.

    ValueError where several prefixes have them all, for one of these may be an average of the other's weights.
    """
    hits = {
        head: sum(head + name in keys for name in names)
        for head in ("", *sorted(_heads(keys), key=lambda head: (head.count("."), head)))
    }
    most = max(hits.values())
    whole = [head for head, count in hits.items() if count == len(names)]
    if len(whole) > 1 and "" not in whole:
        raise ValueError(
            f"{path} has all of the module's tensors more than once, under {' and under '.join(map(repr, whole))}: save "
            "the state_dict of the one that is meant."
        )
    return next(head for head, count in hits.items() if count == most)


def _sought(names: Iterable[str]) -> list[str]:
    """Names that every file of a module has: older ones lack the factor of graded spikes, under any prefix."""
    return [name for name in names if name.rpartition(".")[2] != _GRADED]


def _heads(keys: Iterable[str]) -> set[str]:
    """All prefixes of names, up to a dot."""
    return {key[: place + 1] for key in keys for place, sign in enumerate(key) if sign == "."}


def _drop_states(module: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """Leave out a neuron's state that the module has not; say so."""
    expected = module.state_dict()
    modules = dict(module.named_modules())
    states = [
        name
        for name in state
        if name not in expected and is_neuron(modules.get(name.rpartition(".")[0]))
    ]
    for name in states:
        del state[name]
    return [f"the neurons' state {_listed(states)} is left out"] if states else []


def _check_resets(module: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Raise ValueError where snnTorch would go on to reset as its factory said, against what the file says."""
    for name, value in module.state_dict().items():
        if name.rpartition(".")[2] == _RESET and name in state and _differ(state[name], value):
            kinds = dict(enumerate(("subtract", "zero", "none")))
            raise ValueError(
                f"{path} was saved with reset_mechanism {kinds.get(int(state[name]))!r} of "
                f"{name.rpartition('.')[0]}, but the factory makes it with {kinds.get(int(value))!r}, which snnTorch "
                "would keep: let the factory build it as it was trained."
            )


def _differ(first: Tensor, second: Tensor) -> bool:
    """Tell whether two numbers of one shape differ; whole ones may be kept as floats."""
    return first.shape == second.shape and bool((first.double() != second.double()).any())


def _check_keys(module: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Raise ValueError, with the keys, where a file is of another module."""
    expected = module.state_dict()
    missing = [name for name in expected if name not in state and not _may_lack(name, expected)]
    others = [name for name in state if name not in expected]
    shapes = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    parts = [
        f"{title}: {_listed(names)}"
        for title, names in (
            ("missing", missing),
            ("not in the module", others),
            ("of another shape", shapes),
        )
        if names
    ]
    if parts:
        superfluous = others and not missing and not shapes
        raise ValueError(
            f"{path} does not fit the factory's module ({'; '.join(parts)}): give network.options that make the "
            f"module as it was trained{', or save a file without what is no part of it' if superfluous else ''}."
        )


def _may_lack(name: str, expected: Mapping[str, Tensor]) -> bool:
    """Tell whether a tensor may be missing: older versions of snnTorch had no factor of graded spikes, which was 1."""
    return name.rpartition(".")[2] == _GRADED and bool((expected[name] == 1).all())


def _listed(names: Iterable[str]) -> str:
    items = list(names)
    more = f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
    return ", ".join(items[:_MOST]) + more
