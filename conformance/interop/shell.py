"""Reads the shell blocks of a page, and runs them in one shell as a reader would."""
import os
import re
import signal
import subprocess
import threading

BLOCK_LIMIT = 300  # seconds


def read_page(page):
    """Return the headings of the second level in their order, each with its sh blocks."""
    sections, heading, block = {}, "", None
    for line in page.read_text(encoding="utf-8").splitlines():
        if block is not None and line == "```":
            sections[heading].append("\n".join(block) + "\n")
            block = None
        elif block is not None:
            block.append(line)
        elif line == "```sh":
            block = []
        elif line.startswith("## "):
            heading = line[3:]
            sections[heading] = []
    return sections


def fill_in(block, values):
    """Give the variables of a block that only sets variables other values; it has to set just these."""
    names = re.findall(r"^(\w+)=", block, re.MULTILINE)
    if names != list(values):
        raise ValueError(f"the page sets {names}, want {list(values)}")
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


class Shell:
    """One bash for all blocks, which ends at the first command that fails; what it leaves behind is ended with it."""

    def __init__(self, env, directory):
        self.directory, self.blocks = directory, 0
        self.process = subprocess.Popen(
            ["bash", "-eu"], env=env, cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()

    def end(self):
        """End the shell and its children, which are a group of their own."""
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass

    def run(self, block):
        """Run a block; returns whether it came to its end, and what it printed."""
        self.blocks += 1
        script, mark = self.directory / f"block-{self.blocks}.sh", f"@@ block {self.blocks} is done"
        script.write_text(block, encoding="utf-8")
        limit = threading.Timer(BLOCK_LIMIT, self.end)
        limit.start()
        printed = []
        try:
            self.process.stdin.write(f"source {script} </dev/null\necho; echo '{mark}'\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line.rstrip("\n") == mark:
                    return True, "".join(printed)
                printed.append(line)
        except BrokenPipeError:
            printed.append("the shell has ended")
        finally:
            limit.cancel()
        return False, "".join(printed)
