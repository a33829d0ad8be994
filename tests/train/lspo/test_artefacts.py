"""What a run can trust of what lies on its disk."""

import json

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.train.lspo.artefacts import (
    FILES,
    STAGES,
    Iteration,
    iterations,
    read_arrays,
    read_json,
    read_lines,
    write_arrays,
    write_lines,
)


def write(iteration, stage, word="x"):
    iteration.begin(stage)
    for name in FILES[stage]:
        path = iteration.path / (name if "." in name else f"{name}/part/data.bin")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{stage} {word}")
    iteration.finish(stage, {"rows": 1}, 0.5)


@pytest.fixture
def done(tmp_path):
    iteration = Iteration(tmp_path / "iteration-0")
    for stage in STAGES:
        assert "is not there yet" in iteration.why_not_done(stage)
        write(iteration, stage)
        assert iteration.why_not_done(stage) is None
    return tmp_path


def test_what_is_done_is_done_in_the_next_process(done):
    (iteration,) = iterations(done)
    assert [iteration.why_not_done(stage) for stage in STAGES] == [None] * 5
    assert iteration.entry("solve").figures == {"rows": 1}


@pytest.mark.parametrize(
    ("stage", "file"), [("generate", "candidates.jsonl"), ("cluster", "clusters.npz"), ("solve", "policy/part/data.bin")]
)
def test_a_damaged_file_is_named_and_its_stage_alone_is_done_again(done, stage, file):
    (done / "iteration-0" / file).write_text("other")
    iteration = Iteration(done / "iteration-0")
    assert f"iteration-0/{file} is damaged" in iteration.why_not_done(stage)
    assert [one for one in STAGES if iteration.why_not_done(one)] == [stage]
    write(iteration, stage)  # the same bytes again
    assert [one for one in STAGES if Iteration(done / "iteration-0").why_not_done(one)] == []


def test_what_stands_on_other_bytes_is_done_again(done):
    iteration = Iteration(done / "iteration-0")
    write(iteration, "cluster", "new")
    assert "stands on files that have changed" in iteration.why_not_done("solve")
    write(iteration, "solve")
    assert "stands on files that have changed" in iteration.why_not_done("pairs")  # it stood on another policy of the same name
    assert "stands on" in Iteration(done / "iteration-0", before="tuned otherwise").why_not_done("generate")


def test_files_that_are_gone_or_too_many_are_named(done):
    (done / "iteration-0" / "pairs.jsonl").unlink()
    (done / "iteration-0" / "policy" / "more.bin").write_text("")
    iteration = Iteration(done / "iteration-0")
    assert "iteration-0/pairs.jsonl is gone" in iteration.why_not_done("pairs")
    assert "policy has other files than the manifest" in iteration.why_not_done("solve")


def test_a_changed_manifest_is_not_trusted(done):
    path = done / "iteration-0" / "manifest.json"
    data = json.loads(path.read_text())
    data["stages"]["solve"]["after"] = "elsewhere"
    path.write_text(json.dumps(data))
    iteration = Iteration(done / "iteration-0")
    assert all("manifest.json is damaged" in iteration.why_not_done(stage) for stage in STAGES)
    path.write_text("{")
    assert "manifest.json is damaged" in Iteration(done / "iteration-0").why_not_done("generate")


def test_a_manifest_cannot_point_outside_its_folder(done):
    import hashlib

    path = done / "iteration-0" / "manifest.json"
    stages = json.loads(path.read_text())["stages"]
    stages["solve"]["files"] = {"../../elsewhere": "0"}
    path.write_text(
        json.dumps({"format": 1, "stages": stages, "digest": hashlib.sha256(json.dumps(stages, sort_keys=True).encode()).hexdigest()})
    )
    assert "manifest.json is damaged" in Iteration(done / "iteration-0").why_not_done("solve")


def test_a_stage_that_was_broken_off_leaves_nothing(done):
    iteration = Iteration(done / "iteration-0")
    (iteration.path / "policy.part").mkdir()
    iteration.begin("solve")
    assert not list(iteration.path.glob("policy*"))
    with pytest.raises(UsageError, match="wrote no policy"):
        iteration.finish("solve", {}, 0.0)


def test_lines_and_arrays_come_back_or_say_what_is_wrong(tmp_path):
    assert write_lines(tmp_path / "a.jsonl", [{"words": "ä"}, [1]]) == 2
    assert list(read_lines(tmp_path / "a.jsonl")) == [{"words": "ä"}, [1]]
    (tmp_path / "a.jsonl").write_text('{"a": 1}\nrubbish\n')
    with pytest.raises(UsageError, match=r"a\.jsonl.*, line 2: it is not JSON"):
        list(read_lines(tmp_path / "a.jsonl"))
    write_arrays(tmp_path / "a.npz", {"x": np.arange(3)})
    write_arrays(tmp_path / "b.npz", {"x": np.arange(3)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert read_arrays(tmp_path / "a.npz")["x"].tolist() == [0, 1, 2]
    np.savez(tmp_path / "c.npz", x=np.array([{}], object))
    for name in ("a.jsonl", "c.npz", "none.npz"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_arrays(tmp_path / name)
    with pytest.raises(UsageError, match="cannot be read"):
        read_json(tmp_path / "none.json")
