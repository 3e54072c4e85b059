"""In front of Django in the server of the ARM API: an answer that is still true is given again from here."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection

from networking.arm import kept_answers
from networking.arm.middleware import new_request_id, stamps

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Front:
    """A WSGI callable around another, which makes the answers and keeps them."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            kept = kept_answers.found(environ)
        except DatabaseError:  # the view tells what to do about it
            kept = None
        if kept is None:
            return self._application(environ, start_response)
        start_response("200 OK", [*kept.headers, *stamps(environ, new_request_id()).items()])
        # Django does this after each request of its own, so that no connection outlives its time.
        connection.close_if_unusable_or_obsolete()
        return [kept.body]
