"""How Portcullis is put before other people: units, proxies, the gate's configuration, and a lab of all of it."""
