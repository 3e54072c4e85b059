"""How Hypothesis looks for examples."""

from hypothesis import settings

# A busy machine is no reason to fail: time is measured in benchmarks/, not here.
settings.register_profile("portcullis", deadline=None)
settings.load_profile("portcullis")
