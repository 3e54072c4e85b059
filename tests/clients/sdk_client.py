"""Azure's SDK for Python as a program of its own, because its environment is not ours.

`.venv-az/bin/python tests/clients/sdk_client.py change|update|delete URL SUBSCRIPTION CLIENT SECRET` prints what each
step answers, as JSON. `update` reads properties of myregistry, a line of JSON each, and answers each line with one.
"""

import json
import sys
import time
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

GROUP, NAME, OPEN = "myResourceGroup", "sdkregistry", "myregistry"


class ServicePrincipal:
    """As in the documentation."""

    def __init__(self, url: str, client: str, secret: str) -> None:
        self.url = url
        self.form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}

    def get_token(self, *scopes: str, **options: Any) -> Any:
        with urlopen(f"{self.url}/adfs/oauth2/token", urlencode({**self.form, "scope": scopes[0]}).encode()) as answer:
            given = json.load(answer)
        return AccessToken(given["access_token"], int(time.time()) + given["expires_in"])


def change(client: Any) -> dict[str, Any]:
    """A registry made, looked at and changed property by property."""
    registries, answers = client.registries, {}
    asked = {"name": NAME, "type": "Microsoft.ContainerRegistry/registries"}
    answers["available"] = registries.check_name_availability(asked).name_available
    wanted = {"location": "eastus", "sku": {"name": "Premium"}, "tags": {"made": "by the SDK"}}
    answers["created"] = registries.begin_create(GROUP, NAME, wanted).result().provisioning_state
    answers["taken"] = registries.check_name_availability(asked).name_available
    made = registries.get(GROUP, NAME)
    answers["made"] = [made.name, made.location, made.sku.name, made.tags, made.login_server]
    answers["listed"] = [NAME in [each.name for each in found] for found in _lists(registries)]
    rules = {"defaultAction": "Deny", "ipRules": [{"value": "16.17.18.0/24"}]}
    for name, said in (
        ("deny", {"networkRuleSet": {"defaultAction": "Deny"}}),
        ("rule", {"networkRuleSet": rules}),
        ("public", {"publicNetworkAccess": "Disabled"}),
        ("trusted", {"networkRuleBypassOptions": "None"}),
        ("data endpoint", {"dataEndpointEnabled": True}),
    ):
        answers[name] = _seen(registries.begin_update(GROUP, NAME, {"properties": said}).result())
    client.replications.begin_create(GROUP, NAME, "westus", {"location": "westus"}).result()
    answers["replications"] = sorted(each.name for each in client.replications.list(GROUP, NAME))
    answers["data hosts"] = registries.get(GROUP, NAME).data_endpoint_host_names
    client.replications.begin_delete(GROUP, NAME, "westus").result()
    answers["replications left"] = [each.name for each in client.replications.list(GROUP, NAME)]
    answers["connections"] = list(client.private_endpoint_connections.list(GROUP, NAME))
    answers["links"] = [each.group_id for each in registries.list_private_link_resources(GROUP, NAME)]
    answers["usages"] = {each.name: each.current_value for each in registries.list_usages(GROUP, NAME).value}
    answers["refused"] = _refusal(lambda: registries.begin_update(GROUP, NAME, _private()).result())
    return answers


def update(client: Any) -> None:
    """What each update answers, and what is read afterwards."""
    for line in sys.stdin:
        updated = client.registries.begin_update(GROUP, OPEN, {"properties": json.loads(line)}).result()
        json.dump([_seen_whole(updated), _seen_whole(client.registries.get(GROUP, OPEN))], sys.stdout)
        sys.stdout.write("\n")
        sys.stdout.flush()


def delete(client: Any) -> dict[str, Any]:
    return {
        "delete": _refusal(lambda: client.registries.begin_delete(GROUP, NAME).result()),
        "get": _refusal(lambda: client.registries.get(GROUP, NAME)),
    }


def _lists(registries: Any) -> tuple[Any, Any]:
    return registries.list(), registries.list_by_resource_group(GROUP)


def _private() -> dict[str, Any]:
    return {"properties": {"networkRuleSet": {"ipRules": [{"value": "10.0.0.0/8"}]}}}


def _seen(registry: Any) -> list[Any]:
    """What the five changes change."""
    rules = registry.network_rule_set
    return [
        rules.default_action,
        [each.ip_address_or_range for each in rules.ip_rules],
        registry.public_network_access,
        registry.network_rule_bypass_options,
        registry.data_endpoint_enabled,
    ]


def _seen_whole(registry: Any) -> dict[str, Any]:
    """All that the documents change, by the SDK's own names."""
    rules = registry.network_rule_set
    return {
        "default_action": rules.default_action,
        "ip_rules": [each.ip_address_or_range for each in rules.ip_rules],
        "virtual_network_rules": [each.virtual_network_subnet_resource_id for each in rules.virtual_network_rules],
        "public_network_access": registry.public_network_access,
        "network_rule_bypass_options": registry.network_rule_bypass_options,
        "network_rule_bypass_allowed_for_tasks": registry.network_rule_bypass_allowed_for_tasks,
        "data_endpoint_enabled": registry.data_endpoint_enabled,
    }


def _refusal(call: Any) -> list[Any]:
    """Whether it is the error of what isn't there, status and code; empty where it works."""
    try:
        call()
    except HttpResponseError as error:
        return [isinstance(error, ResourceNotFoundError), error.status_code, error.error.code]
    return []


def main(step: str, url: str, subscription: str, client: str, secret: str) -> None:
    management = ContainerRegistryManagementClient(
        ServicePrincipal(url, client, secret),
        subscription,
        base_url=url,
        credential_scopes=[f"{url}/.default"],
        polling_interval=1,
    )
    if step == "update":
        update(management)
    else:
        json.dump({"change": change, "delete": delete}[step](management), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
