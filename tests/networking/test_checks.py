"""What `manage.py check --deploy` says of demonstration mode. test_settings.py asks the whole command."""

import pytest
from django.core.checks import Error, registry
from pytest_django import Settings

from networking.checks import demonstration_is_off, nobody_is_signed_in_unasked, our_own_hosts_are_no_registries


def test_demonstration_mode_is_an_error_of_a_deployment(settings: Settings) -> None:
    settings.DEMONSTRATION = True
    assert demonstration_is_off() == [
        Error(
            "DEMONSTRATION is on: the sign-in page shows every password.",
            hint="Start without DEMONSTRATION, and make accounts with manage.py createsuperuser.",
            id="portcullis.E001",
        )
    ]


def test_without_it_there_is_nothing_to_say(settings: Settings) -> None:
    settings.DEMONSTRATION = False
    assert demonstration_is_off() == []


def test_it_is_asked_for_a_deployment_and_not_while_working(settings: Settings) -> None:
    settings.DEMONSTRATION = True
    checks = registry.registry
    assert demonstration_is_off in checks.get_checks(include_deployment_checks=True)
    assert demonstration_is_off not in checks.get_checks()


def test_an_account_that_anybody_signs_in_as_is_an_error_of_a_deployment(settings: Settings) -> None:
    assert nobody_is_signed_in_unasked() == []
    settings.ARM_DEVICE_CODE_ACCOUNT = "ada@example.org"
    assert nobody_is_signed_in_unasked() == [
        Error(
            "ARM_DEVICE_CODE_ACCOUNT is set: az login makes anybody ada@example.org.",
            hint="Start without it, and let programs sign in as service principals.",
            id="portcullis.E002",
        )
    ]


@pytest.mark.parametrize(
    ("suffix", "allowed", "arm", "swallowed"),
    [
        pytest.param("azurecr.io", ["portcullis.example.org"], "localhost", [], id="a suffix of its own"),
        pytest.param("example.org", ["example.org", ".example.org", "*"], "localhost", [], id="no single host"),
        pytest.param("example.org", ["a.portcullis.example.org"], "localhost", [], id="deeper than a registry"),
        pytest.param(
            "example.org",
            ["Portcullis.example.org", "127.0.0.1"],
            "localhost",
            ["Portcullis.example.org"],
            id="the console",
        ),
        pytest.param("example.org", ["127.0.0.1"], "management.example.org", ["management.example.org"], id="the API"),
    ],
)
def test_a_host_of_ours_that_is_a_registrys_name_is_an_error(
    settings: Settings, suffix: str, allowed: list[str], arm: str, swallowed: list[str]
) -> None:
    """The gate in front would answer there, and no page would open."""
    settings.LOGIN_SERVER_SUFFIX, settings.ALLOWED_HOSTS, settings.ARM_URL = suffix, allowed, f"https://{arm}:8443"
    assert our_own_hosts_are_no_registries() == [
        Error(
            f"{name} is Portcullis' own host, but under LOGIN_SERVER_SUFFIX=example.org it is a registry's.",
            hint="Give the registries a suffix of their own, like registries.example.org.",
            id="portcullis.E003",
        )
        for name in swallowed
    ]
    assert our_own_hosts_are_no_registries in registry.registry.get_checks()
