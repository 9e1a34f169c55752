"""The model of the screened search: what it has learnt of each neuron's codes, and which images it would show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.methods.screened.anova import DOUBT, TRUST, Anova
from spikeatlas.optim.methods.screened.mutations import LIKELY
from spikeatlas.optim.spaces import CodeSpace, Indices, Points
from spikeatlas.optim.types import Scores, State, packed, unpacked

_ARRAYS = ("likely", "bold", "news")


class CodeModel:
    """A first-order model of N neurons, fitted twice: with a large penalty, and with a small one.

    With a large one it sorts the codes of each position; either names an image that it expects most of.
    """

    def __init__(self, space: CodeSpace, neurons: int, *, share: bool, growth: float) -> None:
        """``share``: one model learns from all images; ``growth``: share by which these must grow between two fits."""
        self.anova = Anova(space, 1 if share else neurons, neurons)
        self.images = self.fitted = 0
        """Images learnt from, by now and when the model was fitted last."""
        self.likely = np.zeros((neurons, space.dim, min(LIKELY, space.codes)), np.int64)
        """(N, positions, at most LIKELY) the wary model's codes for each position, the best first."""
        self.bold = np.zeros((neurons, space.dim), np.int64)
        """(N, positions) the bold model's best image."""
        self.news = np.zeros((neurons, 2), np.int64)
        """(N, 2) 1 where the last fit changed the best image of the wary model, of the bold one."""
        self._growth = growth

    @property
    def fresh(self) -> bool:
        """True where it was fitted after the last image."""
        return self.images > 0 and self.fitted == self.images

    def learn(self, points: Points, scores: Scores) -> None:
        """Learn from images (k, positions) that all neurons answered to (k, N)."""
        groups = len(self.anova.gram)
        self.images += len(points)
        self.anova.add(
            np.broadcast_to(points, (groups, *points.shape)),
            scores[None] if groups == 1 else scores.T[..., None],
        )

    def learn_apart(self, points: Indices, scores: Scores, count: int) -> None:
        """Learn from each neuron's own images (N, k, positions), scores (N, k); ``count``: of them all."""
        self.images += count
        self.anova.add(points, scores[..., None])

    def refit(self) -> None:
        """Fit it anew, where the images have grown enough."""
        if self.images < (1 + self._growth) * self.fitted:
            return
        first, before = not self.fitted, (self.likely[:, :, 0], self.bold)
        self.fitted = self.images
        self.bold = self.anova.effects(TRUST).argmax(axis=2)
        self.likely = _sorted_codes(self.anova.effects(DOUBT), self.likely.shape[2])
        pairs = zip(before, (self.likely[:, :, 0], self.bold), strict=True)
        news = [(old != new).any(axis=1) | first for old, new in pairs]
        self.news = np.stack(news, axis=1).astype(np.int64)

    def state_dict(self) -> State:
        """Copy the state."""
        parts = {"gram": self.anova.gram, "moment": self.anova.moment}
        parts |= {name: getattr(self, name) for name in _ARRAYS}
        arrays = {name: packed(value) for name, value in parts.items()}
        return {**arrays, "images": self.images, "fitted": self.fitted}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made."""
        self.images, self.fitted = state["images"], state["fitted"]
        self.anova.gram, self.anova.moment = unpacked(state["gram"]), unpacked(state["moment"])
        for name in _ARRAYS:
            setattr(self, name, unpacked(state[name]))


def _sorted_codes(effects: npt.NDArray[np.float32], count: int) -> Indices:
    """Return the codes of the largest effects (N, positions, codes) at each position, the best first."""
    likely = np.argpartition(-effects, count - 1, axis=2)[..., :count]
    order = np.argsort(-np.take_along_axis(effects, likely, axis=2), axis=2, kind="stable")
    codes: Indices = np.take_along_axis(likely, order, axis=2)
    return codes
