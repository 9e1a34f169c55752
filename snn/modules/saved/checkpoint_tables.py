"""The table of a checkpoint file that is put into a module, where the file has several."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.saved.checkpoint_fit import fit_tensors, holds_all
from spikeatlas.snn.modules.saved.checkpoint_tensors import (
    TABLES,
    StoredCheckpoint,
    read_checkpoint,
)

Table = Mapping[str, Tensor]


def put_checkpoint(module: nn.Module, path: Path) -> list[str]:
    """Put the tensors of a file into a module, in place; return notes, one line each, of what was done.

    Of several tables, the first of ``TABLES`` that has all of the module's tensors; the others (averages of the
    weights, discriminators) are noted. ValueError, one sentence, where two of these have them and differ; and see
    ``read_checkpoint`` and ``fit_tensors``.
    """
    stored = read_checkpoint(path)
    name = _table(module, stored, path)
    if name is None:
        return fit_tensors(module, stored.tensors, path)
    notes = fit_tensors(module, stored.tables[name], path)
    others = [repr(other) for other in stored.tables if other != name]
    if others:
        notes.insert(0, f"the table {name!r} is taken; left out: {', '.join(others)}")
    return notes


def _table(module: nn.Module, stored: StoredCheckpoint, path: Path) -> str | None:
    """Return the name of the table that is meant; None where the file is the table itself."""
    tables = {name: stored.tables[name] for name in TABLES if name in stored.tables}
    whole = [name for name, table in tables.items() if holds_all(module, table)]
    different = [name for name in whole[1:] if not _are_equal(tables[whole[0]], tables[name])]
    if different:
        both = " and under ".join(map(repr, [whole[0], *different]))
        raise ValueError(
            f"network.checkpoints: {path} has all of the module's tensors more than once, under {both}, and they differ: save "
            "the state_dict of the one that is meant."
        )
    return next(iter(whole or tables), None)


def _are_equal(first: Table, second: Table) -> bool:
    """Tell whether two tables have the same names and numbers; of tensors without numbers, not."""
    if set(first) != set(second):
        return False
    try:
        return all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    except RuntimeError:
        return False
