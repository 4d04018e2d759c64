"""Five minutes of services that are killed all the time: descriptors, memory and zombies of the angel stay as they are (`./dev bench angel soak`
takes an hour)."""
import sys

import burrow

sys.path.insert(0, str(burrow.ROOT / "bench"))
import angel_life
import managers

SECONDS = 300


def test_flapping_services_leave_nothing_behind(tmp_path):
    samples = angel_life.soak(tmp_path, managers.child_program(tmp_path), SECONDS, say=lambda *_: None)
    assert len(samples) >= 10 and angel_life.soak_is_flat(samples), samples
