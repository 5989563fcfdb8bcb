"""The front for information systems that were built for NGSP and LGSP: ``/token`` and calls with a bearer token."""
