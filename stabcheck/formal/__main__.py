"""`python -m stabcheck.formal certificate.json --out DIR`."""

import sys

from stabcheck.formal.main import main

if __name__ == "__main__":
    sys.exit(main())
