"""The command `spikeatlas serve`; the web server is imported when it is called."""

from __future__ import annotations

from spikeatlas.flows import options


def serve(folder: options.ServedFolder, *, port: options.Port = None) -> None:
    """Show the atlases of a folder in a browser of this machine, live while runs write, until Ctrl-C."""
    from spikeatlas.flows.serving.serve import serve as show

    show(folder, port)
