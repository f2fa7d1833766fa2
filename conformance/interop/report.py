"""Counts checks and prints a line for each."""
import contextlib
import traceback


class Report:
    """What passed and what failed. A passed check's line is indented, so that the others stand out."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, ok, why=""):
        """Count one check and print it; `why` is added where it failed. Returns whether it passed."""
        if ok:
            self.passed += 1
            print(f"  ok    {what}", flush=True)
            return True
        self.failed += 1
        print(f"FAIL    {what}" + (f": {why}" if why else ""), flush=True)
        return False

    def equal(self, what, got, want):
        """Check that two values are equal."""
        return self.check(what, got == want, f"got {got!r}, want {want!r}")

    def refused(self, what, answer, detail):
        """Check that an answer is a 401 with this detail."""
        return self.equal(what, (answer.status, answer.body.get("detail")), (401, detail))

    @contextlib.contextmanager
    def section(self, title):
        """Run one section: what it raises is a failed check, and so is a section without a check."""
        print(f"== {title}", flush=True)
        before = self.passed + self.failed
        try:
            yield
        except Exception as error:  # the other sections still have something to say
            self.check(title, False, f"{type(error).__name__}: {error}")
            traceback.print_exc()
        if self.passed + self.failed == before:
            self.check(title, False, "it checked nothing")
