#!/usr/bin/env python3
"""Write the users of a fixtures.json (standard input) as Django's dumpdata writes auth.user (standard output)."""
import json
import sys

rows = []
for u in json.load(sys.stdin)["users"]:
    rows.append({"model": "auth.user", "pk": u["id"], "fields": {
        "password": u["encoded"],
        "last_login": None,
        "is_superuser": u.get("is_superuser", False),
        "username": u["username"],
        "first_name": "",
        "last_name": "",
        "email": u.get("email", ""),
        "is_staff": u.get("is_staff", False),
        "is_active": u["is_active"],
        "date_joined": "2026-01-01T00:00:00Z",
        "groups": [],
        "user_permissions": [],
    }})
json.dump(rows, sys.stdout)
