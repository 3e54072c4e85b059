"""manage.py connect"""

import shlex
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from registries import signing
from registries.authority import authority_path
from registries.demonstration import DEMONSTRATION_SERVICE_PRINCIPAL


class Command(BaseCommand):
    help = "Prints the four lines that connect az to this Portcullis."

    def handle(self, *args: Any, **options: Any) -> None:
        client, secret = "CLIENT-ID", "SECRET"
        if settings.DEMONSTRATION:
            client, secret = DEMONSTRATION_SERVICE_PRINCIPAL.username, DEMONSTRATION_SERVICE_PRINCIPAL.password
        self.stdout.write(f"export REQUESTS_CA_BUNDLE={shlex.quote(str(authority_path()))}")
        self.stdout.write(f"az cloud register -n Portcullis --endpoint-resource-manager {settings.ARM_URL}")
        self.stdout.write("az cloud set -n Portcullis")
        self.stdout.write(f"az login --service-principal -u {client} -p {secret} --tenant {signing.tenant_id()}")
