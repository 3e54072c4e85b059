"""DOOR: who may reach a registry, answered to the proxy in front of it, many thousand times a second."""
