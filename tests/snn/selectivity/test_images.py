from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
import pytest

from spikeatlas.snn.selectivity import compressed_size, spectrum_slope

RNG = np.random.default_rng(0)


def random_images(power: float, side: int = 64, count: int = 20) -> npt.NDArray[np.uint8]:
    """Images whose expected power falls with frequency as f ** power."""
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(side)] * 2))
    frequency[0, 0] = np.inf
    white = np.fft.fft2(RNG.normal(size=(count, 3, side, side)))
    shaped = np.fft.ifft2(white * frequency ** (power / 2)).real
    scaled = 128 + 30 * shaped / shaped.std(axis=(2, 3), keepdims=True)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("power", [0.0, -1.0, -2.0, -3.0])
def test_slope_is_that_of_the_power_law(power: float) -> None:
    assert spectrum_slope(random_images(power)).mean() == pytest.approx(power, abs=0.1)


def test_slope_of_a_long_image_counts_cycles_of_its_shorter_side() -> None:
    images = random_images(-2.0)
    wide = np.concatenate([images, images], axis=3)
    assert spectrum_slope(wide).mean() == pytest.approx(-2, abs=0.25)
    assert spectrum_slope(wide) == pytest.approx(spectrum_slope(wide.transpose(0, 1, 3, 2)))


def test_slope_knows_no_contrast_and_no_brightness() -> None:
    images = random_images(-2.0) // 2
    assert spectrum_slope(images + 60) == pytest.approx(spectrum_slope(images), abs=1e-9)
    assert spectrum_slope(2 * images) == pytest.approx(spectrum_slope(images), abs=1e-9)


def test_plain_images_and_gratings_have_no_slope() -> None:
    plain = np.full((1, 3, 32, 32), 77, np.uint8)
    # black and white stripes: power at 16 cycles alone
    grating = np.broadcast_to((np.arange(32) % 2 * 255).astype(np.uint8), (1, 3, 32, 32))
    assert np.isnan(spectrum_slope(np.concatenate([plain, grating]))).all()
    assert spectrum_slope(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0,)


def test_slope_of_many_is_that_of_each() -> None:
    images = RNG.integers(0, 256, (600, 1, 8, 8), dtype=np.uint8)
    found = spectrum_slope(images)
    assert found[[0, 511, 512, 599]] == pytest.approx(spectrum_slope(images[[0, 511, 512, 599]]))


def test_size_is_that_of_the_packed_prediction_error() -> None:
    image = RNG.integers(0, 256, (2, 5, 6), dtype=np.uint8)
    rest = bytearray()
    for plane in image.astype(int):
        for y in range(5):
            for x in range(6):
                left = plane[y, x - 1] if x else 0
                above = plane[y - 1, x] if y else 0
                corner = plane[y - 1, x - 1] if x and y else 0
                rest.append((plane[y, x] - left - above + corner) % 256)
    assert compressed_size(image[None]).tolist() == [len(zlib.compress(bytes(rest), 9))]


def test_size_orders_images_by_structure() -> None:
    ramp = np.add.outer(np.arange(32) * 3, np.arange(32) * 5 % 256).astype(np.uint8)
    smooth = random_images(-3.0, side=32, count=1)[:, 0]
    noise = random_images(0.0, side=32, count=1)[:, 0]
    dealt = RNG.permutation(ramp.ravel()).reshape(1, 32, 32)
    images = np.stack([np.full((1, 32, 32), 9, np.uint8), ramp[None], smooth, noise, dealt])
    plain, ramped, smoothed, noisy, shuffled = compressed_size(images)
    assert plain < 30
    assert ramped < 50 < smoothed < noisy
    # the same pixels in another order
    assert shuffled > 10 * ramped


def test_size_is_of_each_image_alone() -> None:
    images = RNG.integers(0, 256, (4, 3, 8, 8), dtype=np.uint8)
    before = images.copy()
    sizes = compressed_size(images)
    assert sizes.tolist() == [compressed_size(each[None])[0] for each in images]
    assert np.array_equal(images, before)
    assert compressed_size(images[:0]).tolist() == []
