from django.apps import AppConfig


class NetworkingConfig(AppConfig):
    name = "networking"

    def ready(self) -> None:
        from networking import checks  # noqa: F401 - importing it is how a check registers
