"""The roles Reader, Contributor and Owner as groups, with the permissions that Account.may asks for."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = {
    "Reader": ["view_registry"],
    "Contributor": ["view_registry", "add_registry", "change_registry"],
    "Owner": [
        "view_registry",
        "add_registry",
        "change_registry",
        "delete_registry",
        "view_account",
        "add_account",
        "change_account",
        "delete_account",
    ],
}


def make_roles(apps, schema_editor):
    # Django makes permissions after all migrations have run, which is too late for the groups that hold them.
    app = apps.get_app_config("registries")
    app.models_module = True
    create_permissions(app, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    app.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(
            Permission.objects.filter(content_type__app_label="registries", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0001_registries"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
