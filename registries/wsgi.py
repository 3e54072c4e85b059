"""The WSGI application, for granian and other servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registries.settings")
application = get_wsgi_application()
