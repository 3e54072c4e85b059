"""`make lab`: nginx, registries and the gate on this machine, and client hosts of their own around them."""
