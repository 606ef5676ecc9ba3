"""Bench. In: lines by system and masks -> Out: what Drain3 makes of them, and its CPU. Runs in its own environment.

`python logs_drain.py FOLDER` reads FOLDER/asked.json and writes FOLDER/told.json.
"""

import json
import sys
import time
from pathlib import Path

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

RUNS = 3


def mined(lines: list, masks: list, alike: float) -> tuple:
    """The cluster of each line as it was found, and the CPU seconds; Drain3's defaults but for masks and `alike`."""
    config = TemplateMinerConfig()
    config.drain_sim_th = alike
    config.profiling_enabled = False
    config.masking_instructions = [MaskingInstruction(pattern, "*") for pattern in masks]
    miner = TemplateMiner(config=config)
    start = time.process_time()
    found = [miner.add_log_message(line)["cluster_id"] for line in lines]
    return found, time.process_time() - start


def main(folder: Path) -> None:
    """Mine every system some times; the fastest counts."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    told = {}
    for name, lines in asked["systems"].items():
        runs = [mined(lines, asked["masks"], TemplateMinerConfig().drain_sim_th) for _ in range(RUNS)]
        others = {str(alike): mined(lines, asked["masks"], alike)[0] for alike in asked["alike"]}
        told[name] = {"found": runs[0][0], "seconds": min(seconds for _, seconds in runs), "alike": others}
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
