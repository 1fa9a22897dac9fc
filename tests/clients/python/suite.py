"""Runs the tests that python-pkcs11 publishes and says of each how it ended, one line each."""

import sys
import unittest

sys.path.insert(0, ".")


class Verdicts(unittest.TestResult):
    """A test that ends in several ways (its own and its subtests') is said to differ if one of them does."""

    def __init__(self):
        super().__init__()
        self.words = {}

    def _say(self, word, test, error=None):
        name = (test.id() if hasattr(test, "id") else str(test)).removeprefix("tests.")
        if self.words.get(name, ("", ""))[0] != "differs":
            cause = " | " + " ".join(f"{error[0].__name__}: {error[1]}".split()) if error else ""
            self.words[name] = (word, cause)

    def stopTest(self, test):
        """A test whose setUp failed leaves its session open, and the next could not log in."""
        super().stopTest(test)
        try:
            test.session.close()
        except Exception:
            pass

    def addSuccess(self, test):
        super().addSuccess(test)
        self._say("passed", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("skipped", test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._say("differs", test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._say("differs", test, error)

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self._say("differs", test, error)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._say("passed", test)


verdicts = Verdicts()
unittest.defaultTestLoader.discover("tests", top_level_dir=".").run(verdicts)
for name, (word, cause) in sorted(verdicts.words.items()):
    print("=", word, name + cause)
