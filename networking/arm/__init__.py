"""The ARM-compatible representation of a registry."""
