"""The product's settings, with a fast password hash: what a test of a page is not about. The demonstration is reset
before most of them, which looks at four passwords."""

from registries.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
