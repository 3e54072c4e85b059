"""The requests that came through the gates, and which generation each gate serves: read, and written in batches by a
thread. A gate in this process tells `remember`; `manage.py gate_log` listens for all others."""

from collections.abc import Mapping
from typing import Any

from networking.request_log.writing import Writer

_writer = Writer()


def remember(said: Mapping[str, Any]) -> None:
    """A request in the words of the proxy's access log, or a gate's report. Never waits and never raises: what can't be
    written is left out and counted."""
    _writer.take(said)
