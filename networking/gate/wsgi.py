"""The gate's application, for granian. Each worker loads its own snapshot; until then everything is answered 503."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registries.settings")
django.setup()

from networking.gate import login, tokens  # noqa: E402 - Django must be set up first
from networking.gate.application import Application  # noqa: E402
from networking.gate.asking import Gate  # noqa: E402
from networking.gate.keeping import Keeper  # noqa: E402
from networking.gate.snapshot import Snapshot  # noqa: E402
from registries import credentials  # noqa: E402

# Its unit gives it 16 threads, because runners sign in together. Half of them are left for decisions.
credentials.turns = credentials.Turns(most_waiting=7)
gate = Gate(Snapshot(), tokens.identify)
keeper = Keeper(gate.snapshot)
keeper.awake()
application = Application(gate, keeper, login.judged)
