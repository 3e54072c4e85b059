"""Django's admin over the ground floor. Importing the parts is how Django finds them."""

from registries.admin import accounts as accounts
from registries.admin import registries as registries
from registries.admin import service_principals as service_principals
