"""The command line of the exporter; `stabcheck export` runs it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from stabcheck.checker.failures import ClaimRejected, ClaimUndecided, Malformed
from stabcheck.formal.claims import Export, export

EXIT_CODES = {ClaimRejected: 1, Malformed: 2, ClaimUndecided: 3}


def main(arguments: Sequence[str] | None = None) -> int:
    """Export a certificate.  **Returns:** the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m stabcheck.formal",
        description="Write the small claims of a certificate as Coq files.",
    )
    parser.add_argument("certificate", type=Path, help="certificate.json")
    parser.add_argument("--out", type=Path, default=Path("coq"), help="folder")
    parser.add_argument("--force", action="store_true", help="replace earlier files")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(arguments)
    earlier = sorted(options.out.glob("claim_*.v")) if options.out.is_dir() else []
    if earlier and not options.force:
        return _say(
            f"asked to write into {options.out}, found {earlier[0].name} of an "
            "earlier export there; choose another folder or add --force",
            2,
        )
    try:
        found = export(options.certificate, options.out)
    except (ClaimRejected, ClaimUndecided, Malformed) as error:
        return _say(str(error), EXIT_CODES[type(error)])
    except OSError as error:
        return _say(
            f"asked to write into {options.out}, found that it cannot be written: "
            f"{error.strerror}; choose another folder",
            2,
        )
    if not found.files:
        return _say(
            f"found no claim to export; {found.remark()}; export a certificate with "
            "small claims of the exact tier",
            2,
        )
    print(_json(found) if options.json else _text(found, options.out))
    return 0


def _json(found: Export) -> str:
    files = {str(index): str(path) for index, path in found.files.items()}
    return json.dumps({"files": files, "left_out": dict(found.left_out)}, indent=1)


def _text(found: Export, folder: Path) -> str:
    lines = [f"{path}: {found.claims[index]}" for index, path in found.files.items()]
    lines.append(found.remark())
    lines.append(f"check them: cd {folder} && for f in claim_*.v; do coqc $f; done")
    return "\n".join(line for line in lines if line)


def _say(message: str, code: int) -> int:
    print("stabcheck: " + " ".join(message.split()), file=sys.stderr)
    return code
