"""Django's admin over networking: a door like the blade. Importing the parts is how Django finds them."""

from networking.admin import callers as callers
from networking.admin import changes as changes
from networking.admin import endpoint_settings as endpoint_settings
from networking.admin import networks as networks
from networking.admin import requests as requests
from networking.admin import rules as rules
from networking.admin import service_tags as service_tags
from networking.admin import trusted_services as trusted_services
