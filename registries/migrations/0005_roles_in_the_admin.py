"""What the roles see and change in the admin, beside what 0002 gave them. Owners who are there already may open it.

Nobody gets a permission to add, change or delete a Change: it is a record.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

SEEN = ["view_subscription", "view_resourcegroup", "view_change"]
MORE = {
    "Reader": SEEN,
    "Contributor": [*SEEN, "add_resourcegroup"],
    "Owner": [
        *SEEN,
        "add_resourcegroup",
        "delete_resourcegroup",
        "add_subscription",
        "change_subscription",
        "delete_subscription",
        "view_group",
    ],
}


def extend_roles(apps, schema_editor):
    # Django makes permissions after all migrations have run, which is too late for the groups that hold them.
    for label in ("auth", "registries"):
        app = apps.get_app_config(label)
        app.models_module = True
        create_permissions(app, apps=apps, using=schema_editor.connection.alias, verbosity=0)
        app.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in MORE.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label__in=("auth", "registries"), codename__in=codenames)
        )
    Account = apps.get_model("registries", "Account")
    Account.objects.filter(pk__in=Account.objects.filter(groups__name="Owner").values("pk")).update(is_staff=True)


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0004_sort_the_list"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(extend_roles, migrations.RunPython.noop)]
