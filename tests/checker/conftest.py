"""One accepted certificate, made once, that tests copy before they change it."""

from pathlib import Path

import pytest
from checker import small


@pytest.fixture(scope="session")
def accepted(tmp_path_factory) -> Path:
    """The path of a certificate that the checker accepts."""
    return small.certificate().save(tmp_path_factory.mktemp("accepted"))
