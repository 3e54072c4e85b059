"""The gate in front of a registry: one configuration of nginx and of Distribution for deployments, lab and tests."""
