"""Service tags and their imports, which only an Owner brings in."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

SEEN = ["view_servicetagimport", "view_servicetag"]
ROLES = {"Reader": SEEN, "Contributor": SEEN, "Owner": [*SEEN, "add_servicetagimport"]}


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
        ('networking', '0006_trusted_services'),
    ]

    operations = [
        migrations.CreateModel(
            name='ServiceTagImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(default='running', max_length=7)),
                ('file_name', models.CharField(max_length=200)),
                ('file_size', models.BigIntegerField(default=0)),
                ('bytes_read', models.BigIntegerField(default=0)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('imported_by', models.CharField(max_length=150)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('cloud', models.CharField(blank=True, max_length=60)),
                ('change_number', models.BigIntegerField(blank=True, null=True)),
                ('tag_count', models.PositiveIntegerField(default=0)),
                ('prefix_count', models.PositiveIntegerField(default=0)),
                ('difference', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'ordering': ['-started_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ('running', 'done', 'failed'))), name='service_tag_import_state_known'), models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('state',), name='one_service_tag_import_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='ServiceTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('region', models.CharField(blank=True, max_length=60)),
                ('system_service', models.CharField(blank=True, max_length=60)),
                ('change_number', models.BigIntegerField(blank=True, null=True)),
                ('prefix_count', models.PositiveIntegerField()),
                ('ipv4', models.BinaryField(blank=True)),
                ('ipv6', models.BinaryField(blank=True)),
                ('imported_in', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='networking.servicetagimport')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(models.F('imported_in'), django.db.models.functions.text.Lower('name'), name='service_tag_name_unique')],
            },
        ),
        migrations.RunPython(extend_roles, migrations.RunPython.noop),
    ]
