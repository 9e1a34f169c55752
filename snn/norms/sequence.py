"""Several normalisations, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.norms.base import Norm, NormSite, NormSpec, scaled
from spikeatlas.snn.norms.identity import NoNorm
from spikeatlas.snn.registry import SPEC


class NormSequence(Norm):
    """Normalisations in a row."""

    def __init__(self, parts: Sequence[Norm]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.any_order = all(part.any_order for part in parts)
        thresholds = (part.exit_below for part in parts if part.exit_below is not None)
        self.exit_below = next(thresholds, None)

    @property
    def timed(self) -> bool:  # type: ignore[override]  # of the contract's attribute: theirs
        """See ``Norm``: training may change it."""
        return any(part.timed for part in self.parts if isinstance(part, Norm))

    @property
    def unit_axes(self) -> Mapping[str, int] | None:  # type: ignore[override]  # of the contract's attribute: theirs
        """See ``Norm``: None where any part cannot be cut."""
        axes: dict[str, int] = {}
        for place, part in enumerate(self.parts):
            assert isinstance(part, Norm)
            if part.unit_axes is None:
                return None
            axes |= {f"parts.{place}.{name}": axis for name, axis in part.unit_axes.items()}
        return axes

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """See ``Norm``."""
        rows = None if self.training else self.affine()
        if rows is not None:
            return scaled(currents, *rows, first_step)
        for part in self.parts:
            currents = part(currents, first_step)
        return currents

    def with_ties(self, currents: Tensor, silent: Tensor) -> tuple[Tensor, Tensor | None]:
        """See ``Norm``: where any part has some."""
        rows: Tensor | None = None
        for part in self.parts:
            assert isinstance(part, Norm)
            currents, ties = part.with_ties(currents, silent)
            silent = part(silent)
            if ties is not None:
                rows = ties if rows is None else rows | ties
        return currents, rows

    def affine(self) -> tuple[Tensor, Tensor] | None:
        """See ``Norm``: one scale and one shift for all parts, where each has them."""
        rows = [part.affine() for part in self.parts if isinstance(part, Norm)]
        scale, shift = torch.ones(1, 1), torch.zeros(1, 1)
        for row in rows:
            if row is None:
                return None
            scale, shift = scale * row[0], shift * row[0] + row[1]
        return scale, shift

    def scales(self) -> list[nn.Parameter]:
        """See ``Norm``: those of all parts."""
        return [scale for part in self.parts if isinstance(part, Norm) for scale in part.scales()]

    def step_scales(self) -> Tensor | None:
        """See ``Norm``: those of the first part that has some."""
        scales = (part.step_scales() for part in self.parts if isinstance(part, Norm))
        return next((values for values in scales if values is not None), None)


@dataclass(frozen=True, config=SPEC, kw_only=True)
class NormRow(NormSpec):
    """Normalisations one behind the other, the first of the layer's currents."""

    parts: Annotated[tuple[NormSpec, ...], Field(min_length=1)]
    """From the currents to the neurons: a list of normalisations (at least one)."""
    kind: Literal["sequence"] = "sequence"

    def problems(self, time_steps: int) -> list[str]:
        """See ``NormSpec``."""
        misplaced = [problem for part in self._behind for problem in part.behind_problems()]
        if sum(part.scales_steps for part in self.parts) > 1:
            misplaced.append(
                "a sequence has one normalisation at most that scales each step by itself: of two the product counts"
            )
        return [
            *misplaced,
            *(problem for part in self.parts for problem in part.problems(time_steps)),
        ]

    @property
    def _behind(self) -> list[NormSpec]:
        """Those that follow one which changes currents."""
        changing = [part for part in self.parts if not isinstance(part, NoNorm)]
        return changing[1:]

    def behind_problems(self) -> list[str]:
        """See ``NormSpec``."""
        return [problem for part in self.parts for problem in part.behind_problems()]

    def bias_problems(self) -> list[str]:
        """See ``NormSpec``."""
        return [problem for part in self.parts for problem in part.bias_problems()]

    def stepwise_problems(self) -> list[str]:
        """See ``NormSpec``."""
        return [problem for part in self.parts for problem in part.stepwise_problems()]

    @property
    def timed(self) -> bool:
        """See ``NormSpec``."""
        return any(part.timed for part in self.parts)

    @property
    def scales_steps(self) -> bool:
        """See ``NormSpec``."""
        return any(part.scales_steps for part in self.parts)

    @property
    def may_exit(self) -> bool:
        """See ``NormSpec``."""
        return any(part.may_exit for part in self.parts)

    def build(self, site: NormSite) -> Norm | None:
        """Make that of one layer."""
        return norm_row(self.parts, site)


def norm_row(specs: Sequence[NormSpec], site: NormSite) -> Norm | None:
    """Build normalisations in a row for a layer; None where all of them leave currents as they are."""
    parts = [part for part in (spec.build(site) for spec in specs) if part is not None]
    return NormSequence(parts) if parts else None
