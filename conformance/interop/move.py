"""A Django site with users of every kind of hash moves here, and back."""
import json
from dataclasses import dataclass, field
from datetime import datetime

from processes import Program, Site
from web import call, claims, login, post

KEY = "interop-signing-key-of-more-than-thirty-two-bytes-do-not-use"
ARGON2I = "argon2$argon2i$v=19$m=512,t=2,p=2$d05XTXhGUUczTjZNY3lmNUZRQUlCdA$3NJJ6HfMFYb92/piwRz5EA"  # as Django 1.10 to 3.1 wrote it
FORMATS = ("pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt", "md5")
PEOPLE = [
    *({"id": 1 + n, "username": f"{name}-user", "password": f"old {name} password", "hasher": name} for n, name in enumerate(FORMATS)),
    {"id": 20, "username": "argon2i-user", "password": "argon2i-pass", "encoded": ARGON2I},
    {"id": 21, "username": "\u00fcn\u00efc\u00f6d\u00e9-\u7528\u6237", "password": "p\u00e4ssw\u00f6rd\u2192\u2713\U0001f600",
     "last_login": "2026-02-28T23:59:59.000001+00:00"},
    {"id": 2000, "username": "Jose\u0301@Example+x.-_", "password": "as it was typed", "last_login": "2019-12-31T00:00:00+00:00"},
]
NO_PASSWORD = {"id": 30, "username": "unusable-user", "password": None}
INACTIVE = {"id": 31, "username": "inactive-user", "password": "an inactive password", "is_active": False}
SIMPLE_JWT = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
SETTINGS = {"SIGNING_KEY": KEY, "ROTATE_REFRESH_TOKENS": "true", "BLACKLIST_AFTER_ROTATION": "true", "UPDATE_LAST_LOGIN": "true"}
NO_ACCOUNT = "No active account found with the given credentials"


@dataclass
class Tokens:
    """Refresh tokens of users, by their names."""
    alive: dict = field(default_factory=dict)
    blacklisted: dict = field(default_factory=dict)


def move(report, binary, work):
    """Fill a site, import it in both ways, use it, and bring it back."""
    site = Site(work / "site", KEY, SIMPLE_JWT)
    site.task("add_users", [*PEOPLE, NO_PASSWORD, INACTIVE])
    programs = {name: Program(binary, work / name, **SETTINGS) for name in ("sqlite", "dumpdata")}
    with site.serve() as django:
        tokens = used(report, "Django before the move", django)
        dry_run(report, site, programs["sqlite"])
        programs["sqlite"].verb("importdjango", f"sqlite:{site.database}")
    fixture = site.manage("dumpdata", "auth.user", "token_blacklist")
    (programs["dumpdata"].directory / "users.json").write_text(fixture, encoding="utf-8")
    programs["dumpdata"].verb("importdjango", "users.json")
    stamps = {"sqlite": {user["username"]: user["last_login"] for user in site.task("list_users")},
              "dumpdata": {row["fields"]["username"]: row["fields"]["last_login"]  # to the millisecond
                           for row in json.loads(fixture) if row["model"] == "auth.user"}}
    for name, program in programs.items():
        with program.serve() as ours:
            taken(report, f"{name} import", ours, tokens, stamps[name])
            then = used(report, f"{name} import, then", ours)
            seen = {user["username"]: last_login(ours, user) for user in PEOPLE}
        again(report, f"{name} import again", program, site)
        back(report, f"{name} import, then back in Django", program, Site(work / f"back-{name}", KEY, SIMPLE_JWT), tokens, then, seen)
    round_trip(report, binary, work, programs["sqlite"])


def used(report, what, base):
    """Log everybody in; blacklist a token of each, one of them by rotation, and keep another."""
    tokens = Tokens()
    for user in PEOPLE:
        answer = login(base, user)
        who = claims(answer.body["access"]).get("user_id") if answer.status == 200 else None
        report.equal(f"{what}: {user['username']} logs in with the old password, as the same user", who, str(user["id"]))
        tokens.alive[user["username"]] = answer.body.get("refresh", "")
        doomed = login(base, user).body.get("refresh", "")
        verb = "refresh" if user is PEOPLE[0] else "blacklist"
        report.equal(f"{what}: a token of {user['username']} is used up by {verb}", post(base, f"/api/token/{verb}/", refresh=doomed).status, 200)
        tokens.blacklisted[user["username"]] = doomed
    for user, password in ((NO_PASSWORD, "!"), (INACTIVE, INACTIVE["password"]), (PEOPLE[0], "wrong")):
        refused = login(base, {"username": user["username"], "password": password})
        report.refused(f"{what}: {user['username']} is refused with {password!r}", refused, NO_ACCOUNT)
    return tokens


def dry_run(report, site, program):
    """An import that only says what it would do changes neither side."""
    def everything():
        return {file: file.read_bytes() for directory in (site.directory, program.directory) for file in directory.iterdir()
                if file.name != "gunicorn.log"}

    before = everything()
    said = program.verb("importdjango", "--dry-run", f"sqlite:{site.database}")
    report.check("a dry run changes nothing", everything() == before)
    report.check("a dry run counts the users", str(len(PEOPLE) + 2) in said, said)


def taken(report, what, base, tokens, stamps):
    """Tokens that the site issued before the move are worth here what they were worth there."""
    for name, refresh in tokens.alive.items():
        answer = post(base, "/api/token/refresh/", refresh=refresh)
        report.equal(f"{what}: a refresh token of {name} from before works", answer.status, 200)
        me = call(base, "GET", "/api/me", access=answer.body.get("access", "")).body
        report.equal(f"{what}: id and last login of {name}",
                     (me.get("id"), me.get("last_login")), (identity(name), zulu(stamps[name])))
    for name, refresh in tokens.blacklisted.items():
        report.refused(f"{what}: a blacklisted token of {name} is refused", post(base, "/api/token/refresh/", refresh=refresh),
                       "Token is blacklisted")


def again(report, what, program, site):
    """A second import leaves everything as it is, also the hashes that were made since."""
    users = exported(program)
    program.verb("importdjango", f"sqlite:{site.database}")
    report.check(f"{what} changes nothing", exported(program) == users)


def back(report, what, program, site, before, then, seen):
    """What the program exports is good in a fresh Django."""
    fixture = program.directory / "export.json"
    program.verb("exportdjango", fixture)
    hashes = {user["username"]: user["password"] for user in exported(program)}
    site.manage("loaddata", fixture)
    answers = site.task("check_passwords", [(user["password"], hashes[user["username"]]) for user in PEOPLE])
    for user, ok in zip(PEOPLE, answers):
        report.check(f"{what}: check_password takes the new hash of {user['username']}",
                     ok and hashes[user["username"]].startswith("argon2$argon2id$"), hashes[user["username"]].split("$")[0])
    report.equal(f"{what}: check_password refuses another password",
                 site.task("check_passwords", [("wrong", encoded) for encoded in hashes.values()]), [False] * len(hashes))
    loaded = {user["username"]: user for user in site.task("list_users")}
    report.equal(f"{what}: the same users", sorted(loaded), sorted(hashes))
    for name, stamp in seen.items():
        report.equal(f"{what}: last login of {name}", zulu(loaded[name]["last_login"]), stamp)
    with site.serve() as django:
        for name, refresh in then.alive.items():
            report.equal(f"{what}: a refresh token of {name} from there works",
                         post(django, "/api/token/refresh/", refresh=refresh).status, 200)
        for when, tokens in (("there", then), ("before the move", before)):
            for name, refresh in tokens.blacklisted.items():
                report.refused(f"{what}: a token of {name}, blacklisted {when}, is refused",
                               post(django, "/api/token/refresh/", refresh=refresh), "Token is blacklisted")
        used(report, what, django)


def round_trip(report, binary, work, program):
    """An export can be imported here too."""
    other = Program(binary, work / "round-trip", **SETTINGS)
    other.verb("importdjango", program.directory / "export.json")
    report.check("an export that is imported here exports the same users", exported(other) == exported(program))


def exported(program):
    """Return the users that the program exports, with their ids."""
    rows = json.loads(program.verb("exportdjango"))
    return [row["fields"] | {"id": row["pk"]} for row in rows if row["model"] == "auth.user"]


def last_login(base, user):
    """Return the last login as the protected route tells it."""
    access = login(base, user).body.get("access", "")
    return call(base, "GET", "/api/me", access=access).body.get("last_login")


def identity(name):
    return next(user["id"] for user in PEOPLE if user["username"] == name)


def zulu(stamp):
    """Write a time of Python's or of a fixture as the protected route does."""
    return stamp and datetime.fromisoformat(stamp).isoformat().replace("+00:00", "Z")
