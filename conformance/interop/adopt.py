"""With sessions, a refresh token that Django minted is adopted, and Django takes the tokens of a session."""
import time

from profiles import Profiles
from web import call, claims, login, post

GRACE = 2  # seconds


def adopt(report, binary, work):
    """Take tokens of a Django site over into sessions, and use those of sessions in Django."""
    profiles = Profiles(binary, work / "profiles")
    user = profiles.users[0]
    site = profiles.site("default")
    program = profiles.program("default", SESSIONS="true", REFRESH_GRACE=f"{GRACE}s")
    with site.serve() as django, program.serve() as ours:
        minted = login(django, user).body["refresh"]
        first = refresh(ours, minted)
        report.equal("a refresh token of Django is rotated", (first.status, list(first.body)), (200, ["access", "refresh"]))
        expected = [*claims(minted), "sid"]
        for kind, token in first.body.items():
            report.equal(f"its {kind} token has Django's claims, and last sid", list(claims(token)), expected)
            report.equal(f"the session of its {kind} token is its jti", claims(token).get("sid"), claims(minted)["jti"])
        again = refresh(ours, minted)
        report.equal("asked once more, it has the same successor", again.body.get("refresh"), first.body["refresh"])
        for kind, token in first.body.items():
            report.equal(f"Django verifies the {kind} token", post(django, "/api/token/verify/", token=token).status, 200)
        report.equal("Django takes the access token", call(django, "GET", "/api/me", access=first.body["access"]).status, 200)
        report.equal("Django takes the refresh token", refresh(django, first.body["refresh"]).status, 200)

        second = refresh(ours, first.body["refresh"])
        report.equal("the successor is rotated in its turn", second.status, 200)
        time.sleep(GRACE + 1)
        report.refused("the token of Django comes back too late", refresh(ours, minted), "Token is blacklisted")
        report.refused("and its session is over", refresh(ours, second.body["refresh"]), "Token is blacklisted")
        over = call(ours, "GET", "/api/me", access=second.body["access"])
        report.equal("also for the access token", (over.status, over.body.get("messages")), (401, [
            {"token_class": "AccessToken", "token_type": "access", "message": "Token is blacklisted"}]))

        minted = login(django, user).body["refresh"]
        report.equal("a token of Django is given back", post(ours, "/api/token/blacklist/", refresh=minted).status, 200)
        report.refused("and is not adopted any more", refresh(ours, minted), "Token is blacklisted")

        before = login(django, user).body
        time.sleep(1.1)  # iat has whole seconds
        program.verb("sessions", "end", "--user", user["username"])
        report.refused("nor is one that an operator ended with its user", refresh(ours, before["refresh"]), "Token is blacklisted")
        report.equal("whose access token is refused", call(ours, "GET", "/api/me", access=before["access"]).status, 401)


def refresh(base, token):
    """Refresh a token."""
    return post(base, "/api/token/refresh/", refresh=token)
