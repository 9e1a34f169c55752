from __future__ import annotations

import time

from spikeatlas.flows.runners.progress import Tally


def test_a_tally_tells_how_far_and_how_long() -> None:
    tally = Tally(1200)
    assert str(tally) == "0 of 1,200 neurons, not begun; 0 silent, 0 failed"

    tally.began = time.monotonic() - 60
    tally.count(300, 20, 0)
    assert str(tally) == "300 of 1,200 neurons, about 3 min left; 20 silent, 0 failed"

    tally.count(860, 0, 4)
    assert str(tally) == "1,160 of 1,200 neurons, about 2 s left; 20 silent, 4 failed"

    tally.count(40, 0, 0)
    assert str(tally) == "1,200 of 1,200 neurons, done; 20 silent, 4 failed"
