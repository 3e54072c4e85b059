"""The admin calls an account an account, as every other page does."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("registries", "0005_roles_in_the_admin"),
    ]

    operations = [
        migrations.AlterModelOptions(name="account", options={"verbose_name": "account"}),
    ]
