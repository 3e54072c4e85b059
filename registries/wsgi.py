"""The WSGI application, for granian and other servers."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registries.settings")
application = get_wsgi_application()
for front in reversed(settings.WSGI_FRONTS):
    application = import_string(front)(application)
