"""What docker and az print of a connection, word for word, so that people find the text they see in front of them.

The denied texts are those of documents 001 and 002, of dockerd, and of az acr login.
"""

from dataclasses import dataclass

# The image of the documents.
SAMPLE = "hello-world:v1"


@dataclass(frozen=True, slots=True)
class ClientOutput:
    """A command as somebody types it, and what it prints. Lines are apart by a line break."""

    command: str
    prints: str


def client_output(*, registry: str, login_server: str, address: str, allowed: bool) -> tuple[ClientOutput, ...]:
    """docker login, docker pull and az acr login from that address. Where it is allowed, sign-in comes next: the
    texts are those of a sign-in that succeeds."""
    printed = (
        (_login_allowed(), _pull_allowed(login_server), "Login Succeeded")
        if allowed
        else (_login_denied(login_server), _pull_denied(login_server, address), _az_denied(registry, login_server))
    )
    commands = (
        f"docker login {login_server}",
        f"docker pull {login_server}/{SAMPLE}",
        f"az acr login --name {registry}",
    )
    return tuple(ClientOutput(command, prints) for command, prints in zip(commands, printed, strict=True))


def _login_allowed() -> str:
    return "Username:\nPassword:\nLogin Succeeded"


def _pull_allowed(login_server: str) -> str:
    repository, _, tag = SAMPLE.partition(":")
    return (
        f"{tag}: Pulling from {repository}\n"
        "…\n"
        f"Status: Downloaded newer image for {login_server}/{SAMPLE}\n"
        f"{login_server}/{SAMPLE}"
    )


def _login_denied(login_server: str) -> str:
    return f"Error response from daemon: login attempt to https://{login_server}/v2/ failed with status: 403 Forbidden"


def _pull_denied(login_server: str, address: str) -> str:
    repository = SAMPLE.partition(":")[0]
    return (
        f"Error response from daemon: pull access denied for {login_server}/{repository}, "
        f"repository does not exist or may require 'docker login': {not_allowed(address)}"
    )


def _az_denied(registry: str, login_server: str) -> str:
    # Two sentences run into each other in the original.
    return (
        f"ERROR: Looks like you don't have access to registry '{login_server}'. "
        f"To see configured firewall rules, run 'az acr show --query networkRuleSet --name {registry}'. "
        "To see if public network access is enabled, run 'az acr show --query publicNetworkAccess'."
        "Please refer to https://aka.ms/acr/errors#connectivity_forbidden_error for more information."
    )


def not_allowed(address: str) -> str:
    """The registry's own words, as docker passes them on."""
    return (
        f"denied: client with IP '{address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
    )
