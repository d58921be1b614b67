r"""Check the proofs of this folder, and of the exporter's libraries, with Coq.

    make coq             check; where coqc is absent, say so and stop
    make coq INSTALL=1   install coq from Debian first (about 140 MB to download)

Each file is compiled by itself, with Coq's standard library alone.  A mutant is a file
with one statement sharpened and its proof left as it is: Coq must refuse it.  The table
names the theorems, the axioms they rest on, and the seconds.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).parent
LIBRARIES = FOLDER.parents[1] / "stabcheck" / "formal"
"""What `stabcheck export` writes at the head of every file."""
MUTANTS = {
    "Definite.v": (
        ("<=? entry E i i - t * entry rho i i)%Z)", "<=? entry E i i)%Z)"),
        (
            "let F := lower n (fun i j => (Z.abs (entry E i j) + t * entry rho i j)%Z)",
            "let F := lower n (fun i j => (Z.abs (entry E i j))%Z)",
        ),
        ("lower n (fun _ _ => (2 * q * r)%Z)", "lower n (fun _ _ => (q * r)%Z)"),
        ("nth j c 0 + Z.of_nat n * r))%Z", "nth j c 0))%Z"),
        ("&& (0 <=? s)%Z && forallb (Z.leb 0) w", "&& (0 <=? s)%Z"),
    ),
    "Signs.v": (
        ("IZR (- e) <= IZR D * x <= 0 ->", "IZR (- e) <= IZR D * x <= 1 ->"),
        ("0 <= IZR D * x <= IZR e ->", "0 <= IZR D * x <= IZR e + 1 ->"),
        ("forall x, x <= 0 ->", "forall x, x <= 1 ->"),
        ("x :: _ => (x <? 0)%Z", "x :: _ => (x <=? 0)%Z"),
        ("  (0 <? k)%Z\n", "  negb (k =? 0)%Z\n"),
    ),
    "Softmax.v": (
        ("variance l <= energy l / 2.", "variance l <= energy l * (49 / 100)."),
        ("variance l <= (M - m) ^ 2 / 4.", "variance l <= (M - m) ^ 2 / 5."),
        (
            "<= p1 * (1 - p1 + p2) * energy ((p1, v1) :: rest).",
            "<= p1 * (1 - p1) * energy ((p1, v1) :: rest).",
        ),
        ("Forall (fun e => fst e <= p2) rest ->\n", "True ->\n"),
    ),
    "Regions.v": (
        ("<= 1) <-> r <= 1).", "<= 1) <-> r <= 101 / 100)."),
        ("<-> x <= 0.", "<-> x <= 1."),
        ("square (x - 1) y.\n", "square (x - 2) y.\n"),
    ),
    "RK4.v": (
        ("0 <= cubic x).", "0 <= cubic x - 1)."),
        ("<-> y ^ 2 <= 8.", "<-> y ^ 2 <= 9."),
        ("   <-> disc_cubic r <= 0).", "   <-> disc_cubic r <= 1 / 100)."),
        ("disc_cubic (13926467817 / 10000000000) < 0", "disc_cubic (7 / 5) < 0"),
    ),
    "OneStep.v": (
        ("h * r <= 1 ->", "h * r <= 2 ->"),
        ("(1 + 2 * h * mu + h ^ 2 * L ^ 2)", "(1 + 2 * h * mu)"),
        ("inner (plus d (scale (h / 2) f)) f <= 0 ->", "inner d f <= 0 ->"),
    ),
    "Psd.v": (
        ("(residual i i - shift * rho i i\n", "(residual i i\n"),
        ("else Z.abs (residual i j) + shift * rho i j", "else Z.abs (residual i j)"),
        ("then 0\n", "then 0 - 1\n"),
    ),
}
"""For each file, the statement as it stands and sharpened."""

ABSENT = """coqc is absent: the proofs of proofs/coq were NOT checked.
They are a second, independent level; every theorem has its proof in proofs/ as well.
To check them here (Debian, about 140 MB to download): make coq INSTALL=1"""


def install() -> None:
    """Install coq from Debian's packages."""
    subprocess.run(["apt-get", "update"], check=True)
    command = ["apt-get", "install", "-y", "--no-install-recommends", "coq"]
    subprocess.run(command, check=True)


def compiled(text: str, name: str) -> tuple[bool, str, float]:
    """Whether Coq accepts a file of that text, what it says, and the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text)
        start = time.perf_counter()
        done = subprocess.run(
            ["coqc", "-q", path.name],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
    return done.returncode == 0, done.stdout + done.stderr, seconds


def mutated(text: str, name: str) -> list[tuple[str, str]]:
    """The mutants of a file, each with the sharpened statement."""
    mutants = []
    for old, new in MUTANTS[name]:
        if text.count(old) != 1:
            raise SystemExit(f"{name}: the statement {old!r} has to stand in it once")
        mutants.append((new.strip(), text.replace(old, new)))
    return mutants


def checked(path: Path) -> bool:
    """Check a file and its mutants; print their lines of the table."""
    text = path.read_text()
    for word in ("Admitted", "admit.", "Axiom ", "Parameter "):
        if word in text:
            print(f"{path.name}: holds {word.strip()!r}; a proof has to be complete")
            return False
    theorems = re.findall(r"^Theorem (\w+)", text, re.MULTILINE)
    asked = "".join(f"Print Assumptions {name}.\n" for name in theorems)
    accepted, said, seconds = compiled(text + asked, path.name)
    print(f"{path.name:<12} {'proved' if accepted else 'REFUSED':<8} {seconds:5.1f} s")
    if not accepted:
        print(said)
        return False
    for name in theorems:
        print(f"    {name}")
    # Print Assumptions: a name at the start of a line, its type after a colon.
    names = sorted(set(re.findall(r"^([\w.]+)(?=\s*:|$)", said, re.M)) - {"Axioms"})
    print(f"    axioms: {', '.join(names) or 'none'}")
    refused = True
    for statement, mutant in mutated(text, path.name):
        wrong = compiled(mutant, path.name)[0]
        print(f"    mutant {'ACCEPTED' if wrong else 'refused'}: {statement}")
        refused &= not wrong
    return refused


def main() -> int:
    """Check every file; 0 if all are proved and all mutants refused."""
    if "--install" in sys.argv[1:]:
        install()
    if shutil.which("coqc") is None:
        print(ABSENT)
        return 0
    files = [*sorted(FOLDER.glob("*.v")), *sorted(LIBRARIES.glob("*.v"))]
    results = [checked(path) for path in files]
    print("every proof accepted, every mutant refused" if all(results) else "FAILED")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
