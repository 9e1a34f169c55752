"""The compiled loops of the fast responder. Nothing here knows torch.

What the loops take and call stands in this folder, so that a change of any file compiles them anew.
"""

from __future__ import annotations
