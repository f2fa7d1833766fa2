#!/usr/bin/env python3
"""Log in as the first user of fixtures.json and read both tokens with PyJWT, the library behind SimpleJWT.

    pyjwt.py BASE [ALGORITHM [PUBLIC_KEY_FILE]]     HS256 and the key of fixtures.json, if nothing else is named
"""
import json
import pathlib
import sys
import urllib.request

import jwt

fixtures = json.loads(pathlib.Path(__file__).with_name("fixtures.json").read_text(encoding="utf-8"))
user = fixtures["users"][0]
base, algorithm = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "HS256"
key = pathlib.Path(sys.argv[3]).read_text() if len(sys.argv) > 3 else fixtures["signing_key"]

request = urllib.request.Request(
    base + "/api/token",
    data=json.dumps({"username": user["username"], "password": user["password"]}).encode(),
    headers={"Content-Type": "application/json"})
with urllib.request.urlopen(request, timeout=30) as answer:
    pair = json.load(answer)
for kind in ("refresh", "access"):
    claims = jwt.decode(pair[kind], key, algorithms=[algorithm], options={"require": ["exp", "iat", "jti"]})
    assert claims["token_type"] == kind and claims["user_id"] == str(user["id"]), claims
    head, payload, signature = pair[kind].split(".")
    middle = len(signature) // 2
    other = "B" if signature[middle] == "A" else "A"
    try:
        jwt.decode(f"{head}.{payload}.{signature[:middle]}{other}{signature[middle + 1:]}", key, algorithms=[algorithm])
    except jwt.InvalidSignatureError:
        continue
    sys.exit(f"PyJWT takes the {kind} token with another signature")
print(f"PyJWT {jwt.__version__} verifies the refresh and the access token, {algorithm}")
