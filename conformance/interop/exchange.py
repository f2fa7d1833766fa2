"""Tokens minted by either server are the other's too, with the same key."""
from profiles import Profiles
from web import call, claims, login, post, tampered

PROFILES = {"HS256": "default", "RS256": "rs256", "ES256": "es256", "EdDSA": "eddsa"}


def exchange(report, binary, work):
    """Run both servers with the same users and the same key, once for each algorithm."""
    profiles = Profiles(binary, work / "profiles")
    user = profiles.users[0]
    for algorithm, name in PROFILES.items():
        site = profiles.site(name, BLACKLIST_AFTER_ROTATION=True)
        program = profiles.program(name, BLACKLIST_AFTER_ROTATION="true")
        with site.serve() as django, program.serve() as ours:
            accepted(report, f"{algorithm}: a token of Django here", django, ours, user)
            accepted(report, f"{algorithm}: a token of ours in Django", ours, django, user)


def accepted(report, what, minting, reading, user):
    """Mint a pair and a sliding token at one server, and use them at the other."""
    pair = login(minting, user).body
    access, refresh = pair["access"], pair["refresh"]
    me = call(reading, "GET", "/api/me", access=access)
    report.equal(f"{what}: protected route", (me.status, me.body.get("id")), (200, user["id"]))
    for kind, token in pair.items():
        report.equal(f"{what}: verify {kind}", post(reading, "/api/token/verify/", token=token).status, 200)
        report.refused(f"{what}: verify a tampered {kind}", post(reading, "/api/token/verify/", token=tampered(token)),
                       "Token is invalid")

    renewed = post(reading, "/api/token/refresh/", refresh=refresh)
    report.equal(f"{what}: refresh", renewed.status, 200)
    derived = renewed.body.get("access", "")
    report.equal(f"{what}: its new access token where the pair is from", call(minting, "GET", "/api/me", access=derived).status, 200)
    report.equal(f"{what}: its new access token has the claims of the first, in their order",
                 list(claims(derived)), list(claims(access)))

    sliding = post(minting, "/api/token/sliding/", username=user["username"], password=user["password"]).body["token"]
    report.equal(f"{what}: sliding refresh", post(reading, "/api/token/sliding/refresh/", token=sliding).status, 200)

    report.equal(f"{what}: blacklist", post(reading, "/api/token/blacklist/", refresh=refresh).status, 200)
    report.refused(f"{what}: refresh once it is blacklisted", post(reading, "/api/token/refresh/", refresh=refresh),
                   "Token is blacklisted")
    gone = post(reading, "/api/token/verify/", token=refresh)
    report.equal(f"{what}: verify once it is blacklisted", (gone.status, gone.body.get("non_field_errors")),
                 (400, ["Token is blacklisted"]))
