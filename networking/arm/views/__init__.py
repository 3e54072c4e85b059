"""The views of the ARM API. Importing them fills the table of `networking.arm.routing`."""

from importlib import import_module
from pkgutil import iter_modules

for each in iter_modules(__path__):
    import_module(f"{__name__}.{each.name}")
