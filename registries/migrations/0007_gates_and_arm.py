"""What gates and the ARM API need: a count of changes, replications for all roles to see, service principals, and the
group of accounts that are trusted services."""

import django.contrib.auth.models
import django.db.models.deletion
import django.utils.timezone
import registries.models
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def make_the_trusted_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.get_or_create(name="Trusted services")


def show_replications(apps, schema_editor):
    # Django makes permissions after all migrations have run, which is too late for the groups that hold them.
    app = apps.get_app_config("registries")
    app.models_module = True
    create_permissions(app, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    app.models_module = None
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="registries", codename="view_replication"
    )
    for name in ("Reader", "Contributor", "Owner"):
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(permission)


def begin_to_count(apps, schema_editor):
    apps.get_model("registries", "Generation").objects.get_or_create(pk=1)


class Migration(migrations.Migration):

    dependencies = [
        ('registries', '0006_account_by_name'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('generation', models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name='account',
            name='service_principal',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='registry',
            name='generation',
            field=models.BigIntegerField(db_index=True, default=0),
        ),
        migrations.AddField(
            model_name='registry',
            name='replica_regions',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='resourcegroup',
            name='tags',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='resourcegroup',
            name='kept_aside',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='subscription',
            name='providers',
            field=models.JSONField(blank=True, default=registries.models.all_providers),
        ),
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_generation')],
            },
        ),
        migrations.CreateModel(
            name='Replication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('location', models.CharField(max_length=40)),
                ('region_endpoint_enabled', models.BooleanField(default=True)),
                ('zone_redundancy', models.CharField(default='Disabled', max_length=8)),
                ('tags', models.JSONField(blank=True, default=dict)),
                ('kept_aside', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replications', to='registries.registry')),
            ],
            options={
                'ordering': ['location'],
                'constraints': [models.UniqueConstraint(fields=('registry', 'location'), name='replication_region_unique'), models.CheckConstraint(condition=models.Q(('zone_redundancy__in', ('Enabled', 'Disabled'))), name='zone_redundancy_known')],
            },
        ),
        migrations.RunPython(begin_to_count, migrations.RunPython.noop),
        migrations.RunPython(make_the_trusted_group, migrations.RunPython.noop),
        migrations.RunPython(show_replications, migrations.RunPython.noop),
        migrations.CreateModel(
            name='ServicePrincipal',
            fields=[],
            options={'proxy': True, 'default_permissions': (), 'indexes': [], 'constraints': []},
            bases=('registries.account',),
            managers=[('objects', django.contrib.auth.models.UserManager())],
        ),
    ]
