"""The product's settings, with nothing but the bare views."""

from registries.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
MIDDLEWARE = []
