from __future__ import annotations

import numpy as np

from snn.selectivity import class_read


def test_class_read_is_the_fastest_output() -> None:
    rates = np.array([[0, 0.2, 0.1], [0, 0, 0], [0.3, 0.3, 0]], np.float32)
    assert class_read(rates).tolist() == [1, -1, 0]
    assert class_read(rates).dtype == np.int64
