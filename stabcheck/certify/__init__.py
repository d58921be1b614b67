"""The prover: from a stack and a domain to an accepted certificate.

The room is also its own main function: `stabcheck.certify(layer, domain=...)`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from stabcheck.certify.layer import Verdict as Verdict
from stabcheck.certify.layer import certify as certify
from stabcheck.certify.layer import check as check


class _Room(ModuleType):
    """A module that can be called: the public name is both the room and its verb."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return certify(*arguments, **options)


sys.modules[__name__].__class__ = _Room
