from registries.models import Origin


def restore(*, reset: bool, origin: Origin) -> list[str]:
    raise NotImplementedError
