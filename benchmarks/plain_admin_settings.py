"""The product's settings, with the plain admin beside the product's own."""

from registries.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.plain_admin"
