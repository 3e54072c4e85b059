"""The trusted services of document 004, and what the roles see and change of the new models in the admin."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

SERVICES = {
    "Azure Container Instances": "Deploy from a registry with a managed identity",
    "Microsoft Defender for Cloud": "Scan images for vulnerabilities",
    "Machine Learning": "Deploy or train with a custom image",
    "Azure Container Registry": "Import images to or from a restricted registry",
}
SEEN = [
    f"view_{model}"
    for model in (
        "trustedservice",
        "virtualnetwork",
        "subnet",
        "privateendpoint",
        "privateendpointconnection",
        "accessrequest",
        "gatereport",
    )
]
KEPT = [f"{verb}_trustedservice" for verb in ("add", "change", "delete")]
ROLES = {"Reader": SEEN, "Contributor": SEEN, "Owner": [*SEEN, *KEPT]}


def name_services(apps, schema_editor):
    TrustedService = apps.get_model("networking", "TrustedService")
    for name, scenario in SERVICES.items():
        TrustedService.objects.get_or_create(name=name, defaults={"scenario": scenario})


def extend_roles(apps, schema_editor):
    # Django makes permissions after all migrations have run, which is too late for the groups that hold them.
    app = apps.get_app_config("networking")
    app.models_module = True
    create_permissions(app, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    app.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="networking", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("networking", "0005_gates_and_networks"),
        ("registries", "0007_gates_and_arm"),
    ]

    operations = [
        migrations.RunPython(name_services, migrations.RunPython.noop),
        migrations.RunPython(extend_roles, migrations.RunPython.noop),
    ]
