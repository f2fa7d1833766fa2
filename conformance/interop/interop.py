#!/usr/bin/env python3
"""Hold the program against the real Django and the released SimpleJWT, side by side: interop.py BINARY [SECTION ...]

Needs the packages of requirements.txt, and no network. Prints a line for each check, and then `N passed, N failed`. Exit
status 0 when every check passed, and every section had one.
"""
import os
import signal
import sys
import tempfile
from pathlib import Path

from adopt import adopt
from exchange import exchange
from guide import follow
from move import move
from released import compare
from report import Report

SECTIONS = {
    "exchange": ("Tokens minted by either server are the other's too", exchange),
    "adopt": ("With sessions, tokens of Django are adopted", adopt),
    "move": ("A site moves here, and back", move),
    "released": ("The recorded cases on the released SimpleJWT", compare),
    "guide": ("docs/django.md as it is written", follow),
}


def main():
    binary, names = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(SECTIONS)
    if not os.access(binary, os.X_OK):
        sys.exit(f"interop.py: {binary} is not there: make build")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    os.umask(0o077)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="interop-") as work:
        for name in names:
            title, section = SECTIONS[name]
            directory = Path(work, name)
            directory.mkdir()
            with report.section(title):
                section(report, binary, directory)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: interop.py BINARY [SECTION ...]")
    sys.exit(main())
