"""The wanted profiles of the recorded cases, and their settings for both servers."""
import json
import sys

from processes import HERE, Program, Site, run

CONFORMANCE = HERE.parent


def load(name):
    """Read a JSON file of conformance/."""
    return json.loads((CONFORMANCE / name).read_text(encoding="utf-8"))


def cheap(user):
    """Say whether a refused login is cheap beside this user: the program lets each cost as much as the dearest hash."""
    return user["encoded"].startswith("pbkdf2_sha256$1000$")


class Profiles:
    """What makes a site and a program of each profile, with the same users of fixtures.json, in a new directory."""

    def __init__(self, binary, work, users=cheap):
        self.binary, self.work = binary, work
        self.theirs, self.ours = load("profiles.json"), load("settings.json")
        fixtures = load("fixtures.json")
        self.key, self.users = fixtures["signing_key"], list(filter(users, fixtures["users"]))
        work.mkdir()
        self.template = Site(work / "template", self.key)
        self.template.task("add_users", self.users)
        run([sys.executable, CONFORMANCE / "unpack_keys.py", work / "keys"], self.template.env, work)

    def site(self, name, **more):
        """Make a site."""
        settings = {setting: {"file": str(self.work / value["file"])} if isinstance(value, dict) and "file" in value else value
                    for setting, value in self.theirs[name]["simple_jwt"].items()}
        return Site(self.work / f"site-{name}", self.key, settings | more, like=self.template)

    def program(self, name, **more):
        """Make a program."""
        settings = {setting.removeprefix("TOKENPAIR_"): value.replace("${keys}", str(self.work / "keys"))
                    for setting, value in self.ours[name].items()}
        if "SIGNING_KEY_FILE" not in settings:
            settings["SIGNING_KEY"] = self.key
        program = Program(self.binary, self.work / f"program-{name}", **settings, **more)
        program.verb("importdjango", f"sqlite:{self.template.database}")
        return program
