"""Files that are whole or not there.

Apart from the files of tensors, whose library takes a second to load: a location is read before it is needed.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path


def write_atomically(path: Path, data: bytes, beside: Path | None = None) -> None:
    """Write ``data`` under a temporary name in the same folder (made if missing), then rename.

    ``beside``: a path in whose folder the temporary file is written instead, where that is on the same disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = (beside or path).with_name(
        f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp"
    )
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if beside is None or error.errno != errno.EXDEV:
            raise
        write_atomically(path, data)
    finally:
        temporary.unlink(missing_ok=True)
