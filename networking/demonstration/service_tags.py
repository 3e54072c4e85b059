"""The service tags of the demonstration: the examples of document 003, and prefixes that nobody has."""

from pathlib import Path

from networking.access.problems import Problem
from networking.models import ServiceTagImport
from networking.tags.storing import import_tags

BY = "Demonstration"
FILE = Path(__file__).parent / "ServiceTags_Public_sample.json"


def restored_service_tags(*, reset: bool) -> str:
    """Import the sample where nothing was imported yet; with `reset`, in the place of all that was."""
    if reset:
        ServiceTagImport.objects.all().delete()
    elif ServiceTagImport.last() is not None:
        return "Kept the service tags as they are."
    with FILE.open("rb") as file:
        done = import_tags(file, name=FILE.name, size=FILE.stat().st_size, by=BY)
    if isinstance(done, Problem):
        raise ValueError(f"{FILE.name} can't be imported: {done}")
    return f"Imported a sample of service tags, {done.tag_count} of them."
