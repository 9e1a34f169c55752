"""Keys of the random numbers that stochastic codings draw, and the numbers."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding.philox import fill

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
        return np.random.Philox(key=int.from_bytes(self._digest(stimulus), "little"))

    def numbers(self, stimulus: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint32]:
        """Return uniform numbers from 0 to 2^32 - 2 for one stimulus; a longer first axis goes on with the same.

        Of the raw stream of ``generator``, which no numpy release changes (unlike Generator's).
        """
        count = math.prod(shape)
        words = np.empty(-(-count // 8) * 4, np.uint64)
        fill(np.frombuffer(self._digest(stimulus), "<u8").astype(np.uint64), words)
        numbers = words.astype("<u8", copy=False).view("<u4")[:count].astype(np.uint32, copy=False)
        # at 255 every number must count
        return np.minimum(numbers, _LARGEST, out=numbers).reshape(shape)

    def _digest(self, stimulus: bytes) -> bytes:
        """Digest of everything, 16 bytes."""
        digest = _begun(self.seed, self.checkpoint, self.purpose, self.presentation).copy()
        digest.update(stimulus)
        return bytes(digest.digest()[:16])


@functools.lru_cache(maxsize=64)
def _begun(*fields: int | str) -> Any:
    """Digest of a key, which goes on with a stimulus."""
    return hashlib.sha256(json.dumps(fields).encode() + b"\0")
