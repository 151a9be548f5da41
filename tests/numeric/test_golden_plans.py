"""The same brief gives the same plan: in another process, whatever its hash seed and its zone, and in every release
that does not say otherwise in CHANGELOG.md. `python -m tests.numeric.golden_plans` prints the plans to keep."""

import json
import os
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "data" / "golden_plans.json"


def test_every_scheduler_plans_as_it_did_in_any_process() -> None:
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for seed, zone in (("1", "Asia/Tokyo"), ("4242", "America/Lima")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        printed = subprocess.run(  # our own program
            [sys.executable, "-m", "tests.numeric.golden_plans"], env=environment, capture_output=True, check=True
        ).stdout
        text = printed.decode()
        assert json.loads(text[text.index("{\n") :]) == kept["plans"]
    assert kept["release"] == "0.2.0"
