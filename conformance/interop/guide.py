"""docs/django.md, followed as it is written with a site that django-admin startproject makes."""
import json
import os
import socket
import sys
from pathlib import Path

from processes import HERE, environment, run, serving
from shell import Shell, fill_in, read_page
from web import call, claims, login, post

PAGE = HERE.parent.parent / "docs" / "django.md"
NO_ACCOUNT = "No active account found with the given credentials"
REHEARSAL = {"username": "rehearsal", "password": "of a user made for this"}
ANNA = {"username": "anna", "password": "correct horse battery"}
BEN = {"username": "ben", "password": "staple and glue"}
MONA = {"username": "mona", "password": "leaves the house soon"}
PAULA = {"username": "paula", "password": "came in between"}
NINA = {"username": "nina", "password": "was never in Django"}
NEW_PASSWORD = "a new one for anna"
SETTINGS = '''
INSTALLED_APPS += ["rest_framework", "rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist"]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ("rest_framework_simplejwt.authentication.JWTAuthentication",)}
SIMPLE_JWT = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True, "UPDATE_LAST_LOGIN": True}
'''
URLS = '''
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework_simplejwt import views

@api_view(["GET"])
@permission_classes([IsAuthenticated])
def greeting(request):
    return Response({"hello": request.user.username, "email": request.user.email})

urlpatterns = [
    path("api/token/", views.TokenObtainPairView.as_view(), name="token_obtain_pair"),
    path("api/token/refresh/", views.TokenRefreshView.as_view(), name="token_refresh"),
    path("api/token/verify/", views.TokenVerifyView.as_view(), name="token_verify"),
    path("api/token/blacklist/", views.TokenBlacklistView.as_view(), name="token_blacklist"),
    path("greeting/", greeting),
]
'''
ADD_USERS = '''
import json, os
from django.contrib.auth.models import Group, User
for user in json.loads(os.environ["USERS"]):
    User.objects.create_user(**user)
group, _ = Group.objects.get_or_create(name="editors")
for user in User.objects.filter(username="anna"):
    user.is_staff, user.email = True, "anna@example.com"
    user.save()
    user.groups.add(group)
'''
SHOW_USERS = '''
import json
from django.contrib.auth.models import User
print(json.dumps({user.username: [user.pk, user.email, user.is_staff, [group.name for group in user.groups.all()],
    user.last_login and user.last_login.isoformat()] for user in User.objects.all()}))
'''


class Project:
    """A project as django-admin startproject makes it, with SimpleJWT as its guide adds it."""

    def __init__(self, directory):
        self.directory = directory
        self.env = environment(directory)
        run([sys.executable, "-m", "django", "startproject", "project", "."], self.env, directory)
        for name, text in (("settings.py", SETTINGS), ("urls.py", URLS)):
            with open(directory / "project" / name, "a", encoding="utf-8") as file:
                file.write(text)
        self.manage("migrate", "--verbosity", "0")

    def manage(self, *args, stdin="", **variables):
        """Run manage.py, and return what it printed."""
        return run([sys.executable, "manage.py", *args], self.env | variables, self.directory, stdin)

    def add(self, *users):
        """Add users as a registration does."""
        self.manage("shell", "-v", "0", stdin=ADD_USERS, USERS=json.dumps(users))

    def users(self):
        """Return id, e-mail address, staff flag, groups and last login of everybody, by name."""
        return json.loads(self.manage("shell", "-v", "0", stdin=SHOW_USERS))

    def serve(self):
        """Serve the project with gunicorn; a context manager that yields the address."""
        return serving([sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--threads", "4", "--no-control-socket", "project.wsgi"],
                       self.env, self.directory, self.directory / "gunicorn.log", r"Listening at: (http://127\.0\.0\.1:\d+)")


class Walk:
    """The steps of the page, and what must be true after each."""

    def __init__(self, report, binary, project, django, data):
        self.report, self.binary, self.project, self.django, self.data = report, binary, project, django, data
        self.ours = f"http://127.0.0.1:{free_port()}"
        self.alive = login(django, ANNA).body["refresh"]
        self.gone = [self.blacklisted(django, BEN)]
        self.before = project.users()

    def blacklisted(self, base, user):
        """Log in and out; returns the refresh token that is good for nothing then."""
        refresh = login(base, user).body["refresh"]
        self.report.equal(f"{user['username']} logs out at {self.name(base)}", post(base, "/api/token/blacklist/", refresh=refresh).status, 200)
        return refresh

    def name(self, base):
        return "Django" if base == self.django else "tokenpair"

    def verb(self, *args, stdin=""):
        """Run a verb of the program beside the server."""
        run([self.binary, *args], environment(self.data, TOKENPAIR_DATABASE=f"sqlite:{self.data}/tokenpair.db"), self.data, stdin)

    def logs_in(self, base, user):
        """Check that a user logs in, as the same user as before; returns the pair."""
        answer = login(base, user)
        pk = self.before[user["username"]][0] if user["username"] in self.before else None
        who = int(claims(answer.body["access"])["user_id"]) if answer.status == 200 else None
        self.report.check(f"{user['username']} logs in at {self.name(base)}", who and pk in (None, who), f"{answer.status}, as user {who}")
        return answer.body

    def refused(self, base, *refused):
        """Check that each of these tokens is blacklisted."""
        for n, refresh in enumerate(refused, 1):
            self.report.refused(f"blacklisted token {n} is refused at {self.name(base)}", post(base, "/api/token/refresh/", refresh=refresh),
                                "Token is blacklisted")

    def rehearse(self):
        """The rehearsal cleans up after itself."""
        self.report.equal("nothing is left of the rehearsal", [file.name for file in self.data.glob("rehearsal.db*")], [])

    def switch(self):
        """What happens before the proxy has switched is the site's own."""
        for user in (ANNA, BEN, MONA):
            self.logs_in(self.ours, user)
        self.refused(self.ours, *self.gone)
        self.project.add(PAULA)
        self.before = self.project.users()
        self.gone.append(self.blacklisted(self.django, BEN))

    def import_once_more(self):
        """What happened in between has arrived."""
        renewed = post(self.ours, "/api/token/refresh/", refresh=self.alive)
        self.report.equal("a token from before the move is renewed", (renewed.status, list(renewed.body)), (200, ["access", "refresh"]))
        self.alive = renewed.body["refresh"]
        self.logs_in(self.ours, PAULA)
        self.refused(self.ours, *self.gone)

    def django_goes_on(self):
        """The other paths take the tokens; then users change here."""
        greeting = call(self.django, "GET", "/greeting/", access=self.logs_in(self.ours, ANNA).get("access", ""))
        self.report.equal("another path of the site takes the new access token",
                          (greeting.status, greeting.body), (200, {"hello": "anna", "email": "anna@example.com"}))
        self.verb("changepassword", "anna", "--password-stdin", stdin=NEW_PASSWORD + "\n")
        self.verb("createuser", "nina", "--password-stdin", stdin=NINA["password"] + "\n")
        self.verb("deactivateuser", "mona")
        self.gone.append(self.blacklisted(self.ours, BEN))
        self.logs_in(self.ours, NINA)

    def roll_back(self):
        """What happened here is known to Django, and what only Django knows is as it was."""
        after = self.project.users()
        for name, (pk, email, staff, groups, last_login) in self.before.items():
            self.report.equal(f"{name} keeps id, e-mail, staff flag and groups", after[name][:4], [pk, email, staff, groups])
            self.report.check(f"the last login of {name} is a later one", name == "rehearsal" or (after[name][4] or "") > (last_login or ""))
        for user in (ANNA | {"password": NEW_PASSWORD}, BEN, PAULA, NINA):
            self.logs_in(self.django, user)
        for user in (ANNA, MONA):
            self.report.refused(f"{user['username']} is refused with what was good before", login(self.django, user), NO_ACCOUNT)
        self.refused(self.django, *self.gone)
        self.report.equal("a token of tokenpair is renewed", post(self.django, "/api/token/refresh/", refresh=self.alive).status, 200)


def free_port():
    """Return a port that nobody listens on just now: the page wants one that is known before."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def follow(report, binary, work):
    """Run every sh block of the page, and look at both servers after each step."""
    site, data, home = work / "site", work / "data", work / "home"
    for directory in (site, data, home):
        directory.mkdir()
    project = Project(site)
    project.add(REHEARSAL, ANNA, BEN, MONA)
    with project.serve() as django:
        walk = Walk(report, binary, project, django, data)
        after = {"What is needed": None, "Rehearse": walk.rehearse, "Switch": walk.switch, "Import once more": walk.import_once_more,
                 "What Django still does": walk.django_goes_on, "Sessions, when you are ready": None, "Roll back": walk.roll_back}
        sections = read_page(PAGE)
        if list(sections) != list(after):
            raise ValueError(f"the page has the headings {list(sections)}, want {list(after)}")
        first = sections["What is needed"]
        first[0] = fill_in(first[0], {"SITE": site, "PYTHON": sys.executable, "DJANGO": django,
                                      "ADDRESS": walk.ours.removeprefix("http://"), "DATA": data, "LOGIN": json.dumps(REHEARSAL)})
        env = environment(home)
        env["PATH"] = f"{Path(binary).parent}{os.pathsep}{env['PATH']}"
        with Shell(env, home) as shell:
            for heading, blocks in sections.items():
                for n, block in enumerate(blocks, 1):
                    ran, printed = shell.run(block)
                    if not report.check(f"{heading}: block {n} runs", ran, printed[-3000:]):
                        return
                if after[heading]:
                    after[heading]()
