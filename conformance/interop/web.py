"""HTTP as the checks need it."""
import base64
import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    """A status and the JSON object that came with it, {} where there was none."""
    status: int
    body: dict


def call(base, method, path, body=None, access=None):
    """Send one request, with `body` as JSON and `access` as the bearer token."""
    url = urlsplit(base)
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    if access is not None:
        headers["Authorization"] = f"Bearer {access}"
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = {}
    return Answer(answer.status, parsed if isinstance(parsed, dict) else {})


def post(base, path, **body):
    """POST the named values as a JSON object."""
    return call(base, "POST", path, body)


def login(base, user):
    """Log a user in, given as an object with username and password."""
    return post(base, "/api/token/", username=user["username"], password=user["password"])


def claims(token):
    """Read a token's claims; its signature is not looked at."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def tampered(token):
    """Return the token with one character of its signature changed."""
    start, signature = token.rsplit(".", 1)
    middle = len(signature) // 2
    return f"{start}.{signature[:middle]}{'B' if signature[middle] == 'A' else 'A'}{signature[middle + 1:]}"
