"""Files that come with a form. A view says how large one may be; any other view gets none, however it is asked."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, override

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile


def takes_files[View: Callable[..., Any]](most: int) -> Callable[[View], View]:
    """Mark a view whose forms bring files of up to `most` bytes each. `too_large` tells of those that were larger."""

    def mark(view: View) -> View:
        view.most_bytes = most  # type: ignore[attr-defined]
        return view

    return mark


def too_large(request: Any) -> bool:
    """A file was left out because it was larger than the view takes."""
    return bool(getattr(request, "file_too_large", False))


class BoundedUploads(FileUploadHandler):
    """Stands before Django's own handlers, which keep a file in memory or, a large one, on disk: what nobody wants is
    read past and kept nowhere. The token of a form is read from its body, so this comes before any permission."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.most = 0

    @override
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        match = self.request.resolver_match if self.request else None
        self.most = getattr(match.func, "most_bytes", 0) if match else 0
        if not self.most:
            raise SkipFile

    @override
    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > self.most:
            self.request.file_too_large = True  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    @override
    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        return None  # the next handler has it
