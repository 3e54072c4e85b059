"""What the roles see and change of networking in the admin. The blade asks for change_registry, and so does every write
of the admin too; these decide which of its pages a role is shown."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

SEEN = ["view_endpointsettings", "view_firewallrule", "view_mustworkcaller"]
CHANGED = [
    *SEEN,
    "add_endpointsettings",
    "change_endpointsettings",
    "delete_firewallrule",
    "add_mustworkcaller",
    "delete_mustworkcaller",
]
ROLES = {"Reader": SEEN, "Contributor": CHANGED, "Owner": CHANGED}


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
        ("networking", "0002_must_work_callers"),
        ("registries", "0005_roles_in_the_admin"),
    ]

    operations = [migrations.RunPython(extend_roles, migrations.RunPython.noop)]
