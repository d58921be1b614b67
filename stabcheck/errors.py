"""Every error of stabcheck: one small tree, one sentence a class."""


class StabcheckError(Exception):
    """The root: catch it to catch everything that stabcheck raises on purpose."""


class InvalidInput(StabcheckError, ValueError):
    """The input cannot be used: says what was asked, what was found, what to do."""


class Undecided(StabcheckError):
    """Nothing was refuted and nothing established at this precision or effort."""


class Rejected(StabcheckError):
    """A claim was refuted or not established, or a requirement was not met."""
