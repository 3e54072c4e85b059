"""What `manage.py check --deploy` says of demonstration mode. test_settings.py asks the whole command."""

from django.core.checks import Error, registry
from pytest_django import Settings

from networking.checks import demonstration_is_off, nobody_is_signed_in_unasked


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
