#!/usr/bin/env python3
"""Replay the recorded cases with run.py against a built program: replay.py BINARY

The program is started once for each profile of settings.json, on an empty database with the users of fixtures.json.
Where PYJWT says so, PyJWT then reads its tokens; that needs the packages of requirements.txt. Exit status 0 when all
mandatory cases pass, PyJWT reads the tokens, and the program ends well each time.
"""
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PYJWT = {"default": ("HS256", None), "rs256": ("RS256", "rsa2048.pub.pem"), "ps256": ("PS256", "rsa2048.pub.pem"),
         "es256": ("ES256", "p256.pub.pem"), "es384": ("ES384", "p384.pub.pem"), "es512": ("ES512", "p521.pub.pem"),
         "eddsa": ("EdDSA", "ed25519.pub.pem")}


def load(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def python(script, *args, **more):
    return subprocess.run([sys.executable, HERE / script, *args], text=True, capture_output=True, **more)


class Program:
    """A server on an empty database. It sees the given variables and no others: those of the caller must not change the result."""

    def __init__(self, binary, directory, settings):
        env = {"PATH": os.environ["PATH"], "HOME": str(directory), "TOKENPAIR_DATABASE": f"sqlite:{directory}/t.db"}
        subprocess.run([binary, "importdjango", directory / "users.json"], env=env, check=True, capture_output=True, text=True)
        env |= {"TOKENPAIR_LISTEN": "127.0.0.1:0", "TOKENPAIR_COMPAT": "simplejwt"} | settings
        self.output = [directory / "stdout", directory / "stderr"]
        with open(self.output[0], "wb") as stdout, open(self.output[1], "wb") as stderr:
            self.process = subprocess.Popen([binary, "serve"], env=env, stdout=stdout, stderr=stderr)

    def base(self):
        for _ in range(300):
            ended = self.process.poll() is not None
            if found := re.search(r"(http://127\.0\.0\.1:\d+)\S*\n", self.output[0].read_text()):
                return found[1]
            if ended:
                break
            time.sleep(0.1)
        raise RuntimeError("the server names no address\n" + "".join(f.read_text() for f in self.output))

    def end(self):
        """Exit status of the program, after SIGTERM."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def prepare(directory, settings, fixtures):
    """Write the users and the keys; return the settings of the profile with what all profiles share."""
    users = python("dumpdata.py", input=json.dumps(fixtures), check=True).stdout
    (directory / "users.json").write_text(users, encoding="utf-8")
    keys = directory / "keys"
    python("unpack_keys.py", keys, check=True)
    settings = {name: value.replace("${keys}", str(keys)) for name, value in settings.items()}
    if "TOKENPAIR_SIGNING_KEY_FILE" not in settings:
        settings["TOKENPAIR_SIGNING_KEY"] = fixtures["signing_key"]
    return settings


def replay(binary, profile, settings, fixtures, skip):
    """(passed, failed, lines to print) of one profile."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        program = Program(binary, directory, prepare(directory, settings, fixtures))
        lines, faults, results = [], 0, []
        try:
            base, report = program.base(), directory / "report.json"
            run = python("run.py", "--base", base, "--cases", HERE / "public_cases.json", "--profile", profile,
                         "--tier", "mandatory", "--signing-key", fixtures["signing_key"], "--skip", skip, "--json", report)
            if run.returncode not in (0, 1):
                raise RuntimeError(f"run.py ended with status {run.returncode}\n{run.stdout}{run.stderr}")
            results = json.loads(report.read_text(encoding="utf-8"))["results"]
            lines += [f"  FAIL {r['id']} {' | '.join(r['differences'])}" for r in results if not r["ok"]]
            if profile in PYJWT:
                algorithm, key = PYJWT[profile]
                read = python("pyjwt.py", base, algorithm, *([directory / "keys" / key] if key else []))
                lines.append("  " + (read.stdout or read.stderr).strip().splitlines()[-1])
                faults += read.returncode != 0
        finally:
            status = program.end()
        if status:
            faults += 1
            lines += [f"  the server ended with status {status}", program.output[1].read_text()[-2000:]]
        passed = sum(r["ok"] for r in results)
        return passed, len(results) - passed + faults, lines


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: replay.py BINARY")
    for module in ("jwt", "cryptography"):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"replay.py: {sys.executable} has no {module}: pip install -r conformance/requirements.txt")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary, fixtures = pathlib.Path(sys.argv[1]).resolve(), load("fixtures.json")
    skip, passed, failed = ",".join(load("unwanted.json")["features"]), 0, 0
    for profile, settings in load("settings.json").items():
        try:
            ok, bad, lines = replay(binary, profile, settings, fixtures, skip)
        except subprocess.CalledProcessError as e:
            ok, bad, lines = 0, 1, [f"  {e}\n{e.stdout}{e.stderr}"]
        except RuntimeError as e:
            ok, bad, lines = 0, 1, [f"  {e}"]
        passed, failed = passed + ok, failed + bad
        print("\n".join([f"{profile}: {ok} passed, {bad} failed", *lines]), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
