"""``python -m dean06``."""

from dean06.site.main import main

main()
