"""dean06: the software of a digital state, one folder per module (see docs/explanation/architecture.md)."""

__version__ = "0.1.0"
