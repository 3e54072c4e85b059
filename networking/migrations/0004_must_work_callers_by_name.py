"""The admin spells must-work callers as every other page does."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("networking", "0003_roles_in_the_admin"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="mustworkcaller", options={"ordering": ["name", "pk"], "verbose_name": "must-work caller"}
        ),
    ]
