"""Commands of the command line that stand in files of their own; heavy modules are imported when one is called."""

from __future__ import annotations
