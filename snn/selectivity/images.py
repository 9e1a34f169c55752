"""Complexity of an image, without a network."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.selectivity.tuning import Floats, Whole

Images = npt.NDArray[np.uint8]

# images transformed at once
_BLOCK = 512
# part of an image's power that is rounding
_ROUNDING = 1e-24


def compressed_size(images: Images) -> Whole:
    """Bytes (n,) that the images (n, c, h, w) take, losslessly compressed, one by one.

    Each pixel is predicted from those to its left and above (left + above - above left) and zlib
    packs what is left at level 9. A plain image is the floor (some 20 bytes), random pixels the
    ceiling (c h w and a few). Compare images of one size only.
    Source: the lossless companion of MANGO's size of a JPEG; the plane predictor is number 4 of
    lossless JPEG (ITU-T T.81, annex H).
    """
    rest = np.diff(images, axis=3, prepend=np.uint8(0))
    rest = np.diff(rest, axis=2, prepend=np.uint8(0))
    return np.array([len(zlib.compress(residual.tobytes(), 9)) for residual in rest], np.int64)


def spectrum_slope(images: Images) -> Floats:
    """Slope (n,) of log power over log spatial frequency of images (n, c, h, w).

    Power is averaged over channels and over rings of frequencies 1..min(h, w)/2 cycles a side (the
    wider side counted in cycles of the shorter); least squares over the rings. 0: white noise, the
    floor of structure; natural images have about -2; steeper is smoother. NaN below two rings with
    power: plain images, single gratings.
    Source: Field 1987 (J Opt Soc Am A 4); van der Schaaf & van Hateren 1996.
    """
    n, _, height, width = images.shape
    side = min(height, width)
    vertical, horizontal = np.fft.fftfreq(height) * side, np.fft.fftfreq(width) * side
    ring = np.rint(np.hypot(vertical[:, None], horizontal)).astype(np.int64).ravel()
    rings = np.arange(1, side // 2 + 1)
    member = (ring[:, None] == rings) / np.bincount(ring, minlength=side)[rings]
    power = np.empty((n, len(rings)))
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        amplitude = np.abs(np.fft.fft2(images[block].astype(np.float64)))
        spectrum = np.square(amplitude).mean(axis=1).reshape(-1, height * width)
        mean = spectrum @ member
        power[block] = np.where(mean > _ROUNDING * spectrum.sum(axis=1)[:, None], mean, 0)
    return _slope(np.log(rings), power)


def _slope(x: Floats, power: Floats) -> Floats:
    """Least-squares slope of log power (n, rings) over x (rings,), of rings that have power."""
    powered = power > 0
    y = np.log(power, out=np.zeros(power.shape), where=powered)
    count = powered.sum(axis=1)
    mean = (powered * x).sum(axis=1) / np.maximum(count, 1)
    centred = (x - mean[:, None]) * powered
    spread = np.square(centred).sum(axis=1)
    slope = np.full(len(power), np.nan)
    np.divide((centred * y).sum(axis=1), spread, out=slope, where=count > 1)
    return slope
