"""The WSGI application, for granian and other servers."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registries.settings")
application = get_wsgi_application()
# It answers for the registries' own host names, and leaves every other request to Django.
application = import_string(settings.WSGI_FRONT)(application)
