"""``python -m minerva.cli``."""

import sys

from minerva.cli.app import main

sys.exit(main())
