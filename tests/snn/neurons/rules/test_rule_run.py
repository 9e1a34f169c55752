from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.neurons import Rule
from spikeatlas.snn.neurons.rules.rule_run import Drive, rule_codes, rule_values, scan_rows


def test_drives_of_other_shapes_are_refused_and_not_read_beyond_their_end() -> None:
    rule = Rule("decay", ">", "subtract")
    values = rule_values(rule, (2,)).reshape(-1, 2).numpy()
    rows = np.ones((4, 3, 2), np.float32)
    for other in (rows[:, :1], rows[:3], rows[:, :, :1]):
        with pytest.raises(ValueError, match="neurons are driven by"):
            scan_rows(Drive(rows), Drive(other), rule_codes(rule), values, 4)
    _, counts = scan_rows(Drive(rows), Drive(rows[:1]), rule_codes(rule), values, 4)
    assert counts is not None
    assert counts.shape == (3, 2)
