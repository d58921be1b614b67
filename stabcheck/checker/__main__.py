"""`python -m stabcheck.checker certificate.json`."""

import sys

from stabcheck.checker.main import main

if __name__ == "__main__":
    sys.exit(main())
