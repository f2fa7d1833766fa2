"""How many of the recorded cases the released SimpleJWT passes itself, beside the program."""
import json
import subprocess
import sys
from collections import Counter
from importlib.metadata import version

from profiles import CONFORMANCE, Profiles, load

CASES = "public_cases.json"
EVERY_HASH = {"default", "revoke"}  # profiles with cases about users whose hashes are dear


def replay(base, server, profile, key, skip):
    """Replay the mandatory cases of a profile; returns whether each passed, by its id."""
    results = server.directory / "results.json"
    argv = [sys.executable, CONFORMANCE / "run.py", "--base", base, "--cases", CONFORMANCE / CASES, "--signing-key", key,
            "--profile", profile, "--tier", "mandatory", "--skip", ",".join(skip), "--json", results]
    done = subprocess.run(argv, env=server.env, capture_output=True, text=True, encoding="utf-8", timeout=600)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"run.py ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return {result["id"]: result["ok"] for result in json.loads(results.read_text(encoding="utf-8"))["results"]}


def compare(report, binary, work):
    """Replay every wanted profile on both servers. What the release passes is told; the program must pass all."""
    whole, small = Profiles(binary, work / "whole", users=None), Profiles(binary, work / "small")
    skip = load("unwanted.json")["features"]
    wanted = Counter(case["profile"] for case in load(CASES)["cases"]
                     if case["tier"] == "mandatory" and not skip.keys() & set(case.get("needs", [])))
    release = f"SimpleJWT {version('djangorestframework-simplejwt')}"
    totals = Counter()
    for name in small.ours:
        profiles = whole if name in EVERY_HASH else small
        with (site := profiles.site(name)).serve() as base:
            theirs = replay(base, site, name, whole.key, skip)
        with (program := profiles.program(name)).serve() as base:
            ours = replay(base, program, name, whole.key, skip)
        ran = min(len(theirs), len(ours))
        failed = [case for case, ok in ours.items() if not ok]
        report.check(f"{name}: of {ran} mandatory cases {release} passes {sum(theirs.values())}, the program {sum(ours.values())}",
                     ran == wanted[name] and not failed, f"of {wanted[name]} cases; the program failed {failed}")
        totals.update(theirs=sum(theirs.values()), ours=sum(ours.values()), ran=ran)
        if name == "default":
            report.check(f"{name}: {release} passes more than 80 %", sum(theirs.values()) > 0.8 * ran)
    print(f"  all   of {totals['ran']} mandatory cases {release} passes {totals['theirs']}, the program {totals['ours']}", flush=True)
