"""Who runs this process."""

from __future__ import annotations

import os
import pwd


def operating_system_user() -> str:
    """The user this process runs as, as the system knows it: environment variables are not asked, anybody sets them."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
