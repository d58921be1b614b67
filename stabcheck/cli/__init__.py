"""The command line: `certify | check | bound | integrator | plot | show | ...`."""

from stabcheck.cli.main import main as main
