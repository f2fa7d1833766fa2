"""What the checks ask of Django itself: python -m peer.tasks NAME, with JSON on standard input and output."""
import json
import sys

import django

django.setup()

from django.contrib.auth.hashers import check_password, make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils.dateparse import parse_datetime  # noqa: E402


def add_users(users):
    """Add users, each with `encoded` verbatim or with `password` hashed by `hasher`; an unusable hash without both."""
    with transaction.atomic():
        for user in users:
            encoded = user.get("encoded") or make_password(user.get("password"), hasher=user.get("hasher", "default"))
            last_login = user.get("last_login")
            User.objects.create(
                id=user["id"], username=user["username"], password=encoded, is_active=user.get("is_active", True),
                last_login=last_login and parse_datetime(last_login))
    return len(users)


def check_passwords(pairs):
    """Say for each pair of a password and an encoded hash whether Django takes it."""
    return [check_password(password, encoded) for password, encoded in pairs]


def list_users(_):
    """Return the users as Django reads them."""
    return [{"id": user.id, "username": user.username, "password": user.password, "is_active": user.is_active,
             "last_login": user.last_login and user.last_login.isoformat()} for user in User.objects.order_by("id")]


TASKS = {task.__name__: task for task in (add_users, check_passwords, list_users)}

if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
