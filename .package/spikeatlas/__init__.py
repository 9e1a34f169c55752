"""Spike Atlas: what every neuron of a spiking network wants to see, and how that changes while it learns.

The rooms of the house are subpackages: ``spikeatlas.flows``, ``tasks``, ``snn`` and ``optim``. Here they are links
to the folders at the top of the repository, so that Python, mypy, ruff, import-linter and editors see one package.
"""

from __future__ import annotations

from spikeatlas.former_names import install

install()
