"""Where the blade's pages are."""

from django.urls import path

from networking.blade import (
    activity,
    agents,
    client_firewall,
    data_endpoints,
    demonstration,
    private_access,
    private_endpoints,
    replications,
    requests,
    service_tags,
    tester,
    troubleshoot,
    trusted_services,
    views,
    virtual_networks,
)

urlpatterns = [
    path("registries/<str:name>/networking/", views.public_access, name="networking"),
    path("registries/<str:name>/networking/evaluate/", views.evaluate, name="networking-evaluate"),
    path("registries/<str:name>/networking/state/", views.state, name="networking-state"),
    path("registries/<str:name>/networking/private/", private_access.private_access, name="networking-private"),
    path(
        "registries/<str:name>/networking/private/decide/",
        private_access.decide_connections,
        name="networking-private-decide",
    ),
    path(
        "registries/<str:name>/networking/private/create/",
        private_endpoints.create_private_endpoint,
        name="networking-private-create",
    ),
    path(
        "registries/<str:name>/networking/private/connections/<str:connection>/",
        private_endpoints.private_endpoint,
        name="networking-private-endpoint",
    ),
    path("registries/<str:name>/networking/tester/", tester.tester, name="networking-tester"),
    path("registries/<str:name>/networking/must-work/", tester.must_work, name="networking-must-work"),
    path("registries/<str:name>/networking/troubleshoot/", troubleshoot.troubleshoot, name="networking-troubleshoot"),
    path("registries/<str:name>/client-firewall/", client_firewall.client_firewall, name="client-firewall"),
    path(
        "registries/<str:name>/client-firewall/file/",
        client_firewall.client_firewall_file,
        name="client-firewall-file",
    ),
    path("registries/<str:name>/trusted-services/", trusted_services.trusted_services, name="trusted-services"),
    path("registries/<str:name>/pipelines-and-clusters/", agents.agents, name="registry-agents"),
    path("service-tags/", service_tags.service_tags, name="service-tags"),
    path("service-tags/import/", service_tags.import_service_tags, name="service-tags-import"),
    path(
        "registries/<str:name>/networking/data-endpoints/",
        data_endpoints.data_endpoints,
        name="networking-data-endpoints",
    ),
    path("registries/<str:name>/replications/", replications.replications, name="registry-replications"),
    path("virtual-networks/", virtual_networks.virtual_networks, name="virtual-networks"),
    path("create-virtual-network/", virtual_networks.create_virtual_network, name="virtual-network-create"),
    path(
        "subscriptions/<uuid:subscription>/resource-groups/<str:group>/virtual-networks/<str:name>/",
        virtual_networks.virtual_network,
        name="virtual-network",
    ),
    path(
        "subscriptions/<uuid:subscription>/resource-groups/<str:group>/private-endpoints/<str:name>/delete/",
        private_endpoints.delete_private_endpoint,
        name="private-endpoint-delete",
    ),
    path("registries/<str:name>/requests/", requests.registry_requests, name="registry-requests"),
    path("registries/<str:name>/requests.csv", requests.registry_requests_csv, name="registry-requests-csv"),
    path("registries/<str:name>/activity/", activity.registry_activity, name="registry-activity"),
    path("registries/<str:name>/activity.csv", activity.registry_activity_csv, name="registry-activity-csv"),
    path("activity/", activity.activity, name="activity"),
    path("activity.csv", activity.activity_csv, name="activity-csv"),
    path("demonstration/", demonstration.demonstration, name="demonstration"),
    path("help/", views.help_page, name="help"),
]
