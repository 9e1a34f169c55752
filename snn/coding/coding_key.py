"""Keys of the random numbers that stochastic codings draw, and the numbers."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import numpy.typing as npt

_LARGEST = np.uint32(2**32 - 2)


@dataclasses.dataclass(frozen=True)
class CodingKey:
    """Key of the random numbers that a stochastic coding draws: one stream per stimulus and key.

    The same stimulus under the same key always gives the same spike train, whatever its batch,
    place or order; any other field gives an independent one.
    """

    seed: int
    """The study's seed."""
    checkpoint: str
    """Digest (or name) of the network."""
    purpose: str
    """Purpose of the response: search, elite, report, observe, screen, train, accuracy ..."""
    presentation: int = 0
    """Number of the showing; a mean over several runs on from here."""

    def shifted(self, presentations: int) -> CodingKey:
        """Return the key of a later presentation."""
        return dataclasses.replace(self, presentation=self.presentation + presentations)

    def generator(self, stimulus: bytes) -> np.random.Philox:
        """Return the counter-based generator of one stimulus, keyed by sha256 of everything."""
        key = json.dumps([self.seed, self.checkpoint, self.purpose, self.presentation])
        digest = hashlib.sha256(key.encode() + b"\0" + stimulus).digest()
        return np.random.Philox(key=int.from_bytes(digest[:16], "little"))

    def numbers(self, stimulus: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint32]:
        """Return uniform numbers from 0 to 2^32 - 2 for one stimulus; a longer first axis goes on with the same."""
        return _uniform(self.generator(stimulus), shape)


def _uniform(source: np.random.Philox, shape: tuple[int, ...]) -> npt.NDArray[np.uint32]:
    """32-bit numbers from the raw stream, which no numpy release changes (unlike Generator's)."""
    count = int(np.prod(shape))
    raw = source.random_raw((count + 1) // 2).astype("<u8", copy=False)
    # at 255 every number must count
    return np.minimum(raw.view("<u4")[:count], _LARGEST).reshape(shape)
