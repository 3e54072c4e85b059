"""The site map of the ARM server: one view, which has its own table."""

from django.urls import re_path

from networking.arm import views as views  # registers them all
from networking.arm.routing import dispatch

urlpatterns = [re_path(r"", dispatch)]

handler400 = "networking.arm.errors.bad_request"
handler403 = "networking.arm.errors.forbidden"
handler404 = "networking.arm.errors.not_found"
handler500 = "networking.arm.errors.server_error"
