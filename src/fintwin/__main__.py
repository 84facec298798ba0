"""`python -m fintwin` is the command `fintwin`.

python -m fintwin --version
"""

from fintwin.cli.main import main

if __name__ == "__main__":
    main()
