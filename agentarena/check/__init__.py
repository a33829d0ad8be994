"""The contract that every game keeps, as a suite anyone can run: `agentarena check mypkg:MyGame`.

report = check("mypkg.nim:Nim")
print("\\n".join(report.lines()))
report.raise_for_failures()
"""

from .golden import transcript, write_golden
from .report import Report, Result
from .suite import check, run

__all__ = ["Report", "Result", "check", "run", "transcript", "write_golden"]
