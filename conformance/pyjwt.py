#!/usr/bin/env python3
"""Log in at BASE as the first user of fixtures.json and read both tokens with PyJWT, the library behind SimpleJWT."""
import json
import pathlib
import sys
import urllib.request

import jwt

fixtures = json.loads(pathlib.Path(__file__).with_name("fixtures.json").read_text())
user = fixtures["users"][0]
request = urllib.request.Request(
    sys.argv[1] + "/api/token",
    data=json.dumps({"username": user["username"], "password": user["password"]}).encode(),
    headers={"Content-Type": "application/json"})
with urllib.request.urlopen(request, timeout=30) as answer:
    pair = json.load(answer)
for kind in ("refresh", "access"):
    claims = jwt.decode(pair[kind], fixtures["signing_key"], algorithms=["HS256"], options={"require": ["exp", "iat", "jti"]})
    assert claims["token_type"] == kind and claims["user_id"] == str(user["id"]), claims
    try:
        jwt.decode(pair[kind], fixtures["signing_key"] + "x", algorithms=["HS256"])
    except jwt.InvalidSignatureError:
        continue
    sys.exit(f"PyJWT takes the {kind} token with another key")
print(f"PyJWT {jwt.__version__} verifies the refresh and the access token")
