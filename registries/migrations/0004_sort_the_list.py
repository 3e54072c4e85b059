"""Indexes in the order of the list, one a column it sorts by."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registries', '0003_notifications'),
    ]

    operations = [
        migrations.AlterField(
            model_name='registry',
            name='public_access',
            field=models.CharField(default='all', max_length=8),
        ),
        migrations.AddIndex(
            model_name='registry',
            index=models.Index(models.F('public_access'), django.db.models.functions.text.Lower('name'), name='registry_by_access'),
        ),
        migrations.AddIndex(
            model_name='registry',
            index=models.Index(models.F('rule_count'), django.db.models.functions.text.Lower('name'), name='registry_by_rules'),
        ),
        migrations.AddIndex(
            model_name='registry',
            index=models.Index(models.F('sku'), django.db.models.functions.text.Lower('name'), name='registry_by_tier'),
        ),
        migrations.AddIndex(
            model_name='registry',
            index=models.Index(models.F('location'), django.db.models.functions.text.Lower('name'), name='registry_by_location'),
        ),
    ]
