"""What gates tell, trusted services, virtual networks, and private endpoints with their connections."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('networking', '0004_must_work_callers_by_name'),
        ('registries', '0007_gates_and_arm'),
    ]

    operations = [
        migrations.CreateModel(
            name='GateReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('generation', models.BigIntegerField()),
                ('steps', models.JSONField(default=list)),
                ('first_reported_at', models.DateTimeField()),
                ('reported_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='firewallrule',
            name='last_used_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='endpointsettings',
            name='logged_since',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name='TrustedService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('networks', models.JSONField(blank=True, default=list)),
                ('scenario', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='trusted_service_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='VirtualNetwork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('location', models.CharField(max_length=40)),
                ('address_prefixes', models.JSONField(default=list)),
                ('tags', models.JSONField(blank=True, default=dict)),
                ('kept_aside', models.JSONField(blank=True, default=dict)),
                ('resource_group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='virtual_networks', to='registries.resourcegroup')),
            ],
        ),
        migrations.CreateModel(
            name='Subnet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('address_prefixes', models.JSONField(default=list)),
                ('service_endpoints', models.JSONField(blank=True, default=list)),
                ('kept_aside', models.JSONField(blank=True, default=dict)),
                ('virtual_network', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subnets', to='networking.virtualnetwork')),
            ],
        ),
        migrations.CreateModel(
            name='AccessRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('forwarded', models.CharField(blank=True, max_length=200)),
                ('method', models.CharField(max_length=10)),
                ('host', models.CharField(blank=True, max_length=255)),
                ('path', models.CharField(max_length=300)),
                ('repository', models.CharField(blank=True, max_length=256)),
                ('status', models.PositiveSmallIntegerField()),
                ('allowed', models.BooleanField()),
                ('reason', models.CharField(blank=True, max_length=30)),
                ('rule', models.CharField(blank=True, max_length=18)),
                ('agent', models.CharField(blank=True, max_length=120)),
                ('correlation_id', models.CharField(blank=True, max_length=36)),
                ('subnet', models.CharField(blank=True, max_length=400)),
                ('host_kind', models.CharField(blank=True, max_length=20)),
                ('endpoint', models.CharField(blank=True, max_length=400)),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_requests', to='registries.registry')),
            ],
            options={
                'indexes': [models.Index(fields=['registry', '-at'], name='request_of_registry'), models.Index(fields=['at'], name='request_oldest')],
            },
        ),
        migrations.CreateModel(
            name='PrivateEndpointConnection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('private_endpoint', models.CharField(db_index=True, max_length=400)),
                ('state', models.CharField(default='Pending', max_length=12)),
                ('description', models.CharField(blank=True, max_length=400)),
                ('kept_aside', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='private_endpoint_connections', to='registries.registry')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(models.F('registry'), django.db.models.functions.text.Lower('name'), name='connection_name_unique'), models.CheckConstraint(condition=models.Q(('state__in', ['Approved', 'Pending', 'Rejected', 'Disconnected'])), name='connection_state_known')],
            },
        ),
        migrations.CreateModel(
            name='PrivateEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('location', models.CharField(max_length=40)),
                ('tags', models.JSONField(blank=True, default=dict)),
                ('kept_aside', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('resource_group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='private_endpoints', to='registries.resourcegroup')),
                ('subnet', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='private_endpoints', to='networking.subnet')),
                ('service', models.CharField(max_length=400)),
                ('connection_name', models.CharField(max_length=80)),
                ('manual', models.BooleanField(default=False)),
                ('request_message', models.CharField(blank=True, max_length=140)),
                ('private_dns', models.BooleanField(default=False)),
                ('addresses', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('resource_group'), django.db.models.functions.text.Lower('name'), name='private_endpoint_name_unique'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='private_endpoint_has_a_name')],
            },
        ),
        migrations.AddConstraint(
            model_name='virtualnetwork',
            constraint=models.UniqueConstraint(models.F('resource_group'), django.db.models.functions.text.Lower('name'), name='virtual_network_name_unique'),
        ),
        migrations.AddConstraint(
            model_name='virtualnetwork',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='virtual_network_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='subnet',
            constraint=models.UniqueConstraint(models.F('virtual_network'), django.db.models.functions.text.Lower('name'), name='subnet_name_unique'),
        ),
        migrations.AddConstraint(
            model_name='subnet',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='subnet_has_a_name'),
        ),
    ]
