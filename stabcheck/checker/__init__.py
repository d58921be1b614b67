"""The independent checker: it imports nothing else of stabcheck and trusts no file."""

from stabcheck.checker.main import Verdict as Verdict
from stabcheck.checker.main import check as check
