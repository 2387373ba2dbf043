"""Routes of mailboxes and aliases, below `/t/<tenant_id>/`."""

from django.urls import URLPattern, path

from mailboxes.views import (
    addresses,
    aliases,
    forwarding,
    history,
    lifecycle,
    mailboxes,
    renames,
    send_as,
    vacations,
)

app_name = "mailboxes"
urlpatterns: list[URLPattern] = [
    path("mailboxes/", mailboxes.list_mailboxes, name="list"),
    path("mailboxes/export.csv", mailboxes.export, name="export"),
    path("mailboxes/add/", mailboxes.add, name="add"),
    path("mailboxes/<int:mailbox_id>/", mailboxes.detail, name="detail"),
    path("mailboxes/<int:mailbox_id>/history/", history.history, name="history"),
    path("mailboxes/<int:mailbox_id>/password/", mailboxes.password, name="password"),
    path("mailboxes/<int:mailbox_id>/rename/", renames.mailbox, name="rename"),
    path("mailboxes/<int:mailbox_id>/state/", lifecycle.state, name="state"),
    path("mailboxes/<int:mailbox_id>/delete/", lifecycle.delete, name="delete"),
    path("mailboxes/<int:mailbox_id>/undelete/", lifecycle.undelete, name="undelete"),
    path("mailboxes/<int:mailbox_id>/forwarding/", forwarding.edit, name="forwarding"),
    path("mailboxes/<int:mailbox_id>/vacation/", vacations.edit, name="vacation"),
    path("mailboxes/<int:mailbox_id>/vacation/undo/<int:version>/", vacations.undo, name="vacation_undo"),
    path("mailboxes/<int:mailbox_id>/addresses/", addresses.addresses, name="addresses"),
    path("mailboxes/<int:mailbox_id>/send-as/", send_as.edit, name="send_as"),
    path("mailboxes/<int:mailbox_id>/send-as/<int:right_id>/revoke/", send_as.revoke, name="send_as_revoke"),
    path("aliases/", aliases.list_aliases, name="aliases"),
    path("aliases/export.csv", aliases.export, name="alias_export"),
    path("aliases/add/", aliases.add, name="alias_add"),
    path("aliases/<int:alias_id>/", aliases.edit, name="alias_edit"),
    path("aliases/<int:alias_id>/switch/", aliases.switch, name="alias_switch"),
    path("aliases/<int:alias_id>/delete/", aliases.delete, name="alias_delete"),
    path("domains/<int:domain_id>/catch-all/", aliases.catch_all, name="catch_all"),
    path("domains/<int:domain_id>/main-name/", renames.domain, name="rename_domain"),
]
