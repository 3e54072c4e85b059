"""Where the blade's pages are."""

from django.urls import path

from networking.blade import activity, demonstration, requests, tester, troubleshoot, views

urlpatterns = [
    path("registries/<str:name>/networking/", views.public_access, name="networking"),
    path("registries/<str:name>/networking/evaluate/", views.evaluate, name="networking-evaluate"),
    path("registries/<str:name>/networking/state/", views.state, name="networking-state"),
    path("registries/<str:name>/networking/tester/", tester.tester, name="networking-tester"),
    path("registries/<str:name>/networking/must-work/", tester.must_work, name="networking-must-work"),
    path("registries/<str:name>/networking/troubleshoot/", troubleshoot.troubleshoot, name="networking-troubleshoot"),
    path("registries/<str:name>/requests/", requests.registry_requests, name="registry-requests"),
    path("registries/<str:name>/requests.csv", requests.registry_requests_csv, name="registry-requests-csv"),
    path("registries/<str:name>/activity/", activity.registry_activity, name="registry-activity"),
    path("registries/<str:name>/activity.csv", activity.registry_activity_csv, name="registry-activity-csv"),
    path("activity/", activity.activity, name="activity"),
    path("activity.csv", activity.activity_csv, name="activity-csv"),
    path("demonstration/", demonstration.demonstration, name="demonstration"),
    path("help/", views.help_page, name="help"),
]
