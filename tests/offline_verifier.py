"""The verifier of ``tools/``, which shares no code with the server, as a module."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def load_tool():
    spec = importlib.util.spec_from_file_location("verify_ledger", ROOT / "tools" / "verify_ledger.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_ledger"] = module
    spec.loader.exec_module(module)
    return module


tool = load_tool()
