"""`python -m stabcheck` is the command `stabcheck`."""

from stabcheck.cli.main import main

if __name__ == "__main__":
    main()
