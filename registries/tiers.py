"""What has to go before a registry can have a lower tier."""

from typing import Self


class Step(str):
    """The sentence that says so; `page` is the name of the registry's page where it is done, as in urls.py."""

    page: str

    def __new__(cls, sentence: str, page: str = "networking") -> Self:
        step = super().__new__(cls, sentence)
        step.page = page
        return step
