"""The accounts of demonstration mode: one per role, with passwords that everybody may know."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemonstrationAccount:
    role: str
    username: str
    password: str


DEMONSTRATION_ACCOUNTS = (
    DemonstrationAccount("Owner", "ada@example.org", "portcullis-demo"),
    DemonstrationAccount("Contributor", "bo@example.org", "portcullis-demo"),
    DemonstrationAccount("Reader", "cy@example.org", "portcullis-demo"),
)
# What az signs in as. It stands on no page, because no page lets it in.
DEMONSTRATION_SERVICE_PRINCIPAL = DemonstrationAccount("Owner", "demo-pipeline", "portcullis-demo")
