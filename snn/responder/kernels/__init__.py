"""The compiled loops of the fast responder. Importing them needs numba; nothing here knows torch.

Inside, the larger of two floats is ``a if a > b else b``: max() would become a branch.
"""

from __future__ import annotations
