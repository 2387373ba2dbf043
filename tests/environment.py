"""Loaded before Django: gives the test run a state folder of its own (pyproject.toml, `-p`)."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

state = Path(tempfile.mkdtemp(prefix="posthouse-test-"))
atexit.register(shutil.rmtree, state, ignore_errors=True)
for name in ("secrets", "db", "static"):
    (state / name).mkdir(mode=0o700)
(state / "secrets" / "django").write_text("only-for-tests " * 4)
os.environ["POSTHOUSE_STATE_DIR"] = str(state)
