"""Starts the program and Django sites, each in a directory of its own, on loopback ports that the system chooses."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_LIMIT = 60  # seconds


def environment(home, **more):
    """Variables of a child: settings of the caller must not change the result."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **more}


def run(argv, env, cwd, stdin=""):
    """Run a command to its end and return what it wrote to standard output; a failure raises with what it said."""
    done = subprocess.run(argv, env=env, cwd=cwd, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def serving(argv, env, cwd, log, announced):
    """Run a server while the body of the with runs; yields the address that it announces in its log."""
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield wait_for(process, log, announced)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process, log, announced):
    """Return the first group of the pattern as soon as the log has it."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(announced, Path(log).read_text(encoding="utf-8", errors="replace")):
            return found.group(1)
        time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not serve: {Path(log).read_text(encoding='utf-8', errors='replace')[-2000:]}")


class Site:
    """A Django site in a directory, with a copy of another site's database or with an empty one."""

    def __init__(self, directory, secret_key, simple_jwt=None, like=None):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.database = self.directory / "db.sqlite3"
        if like:
            shutil.copyfile(like.database, self.database)
        self.file = self.directory / "site.json"
        self.file.write_text(json.dumps(
            {"secret_key": secret_key, "database": str(self.database), "simple_jwt": simple_jwt or {}}), encoding="utf-8")
        self.env = environment(self.directory, PYTHONPATH=str(HERE), DJANGO_SETTINGS_MODULE="peer.settings",
                               INTEROP_SITE=str(self.file))
        if not like:
            self.manage("migrate", "--verbosity", "0")

    def manage(self, *args, stdin=""):
        """Run one of Django's commands, and return what it printed."""
        return run([sys.executable, "-m", "django", *map(str, args)], self.env, self.directory, stdin)

    def task(self, name, value=None):
        """Run a function of peer.tasks."""
        return json.loads(run([sys.executable, "-m", "peer.tasks", name], self.env, self.directory, json.dumps(value)))

    def serve(self):
        """Serve the site with gunicorn; a context manager that yields the address."""
        argv = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "1", "--threads", "4",
                "--no-control-socket", "peer.wsgi"]
        return serving(argv, self.env, self.directory, self.directory / "gunicorn.log", r"Listening at: (http://127\.0\.0\.1:\d+)")


class Program:
    """The program under test with a database of its own in a directory."""

    def __init__(self, binary, directory, **settings):
        self.binary, self.directory = binary, Path(directory)
        self.directory.mkdir()
        self.database = self.directory / "tokenpair.db"
        variables = {f"TOKENPAIR_{name}": value for name, value in settings.items()}
        self.env = environment(self.directory, TOKENPAIR_DATABASE=f"sqlite:{self.database}",
                               TOKENPAIR_LISTEN="127.0.0.1:0", TOKENPAIR_COMPAT="simplejwt", **variables)

    def verb(self, *args, stdin=""):
        """Run a verb to its end, and return what it printed."""
        return run([self.binary, *map(str, args)], self.env, self.directory, stdin)

    def serve(self):
        """Serve; a context manager that yields the address."""
        return serving([self.binary, "serve"], self.env, self.directory, self.directory / "serve.log",
                       r"listening on (http://127\.0\.0\.1:\d+)")
