"""kill -9 at any moment: nothing acknowledged is lost, nothing is there in part, and the server is ready again."""
import random

import burrow
import load

ROUNDS = 200


def test_kill_under_write_load(tmp_path):
    ledger, dice = load.Ledger(), random.Random(9)
    for n in range(ROUNDS):
        server = burrow.blog(tmp_path)
        work = load.Load(server, ledger, f"r{n}")
        goal = ledger.acknowledged + dice.randint(10, 150)
        ledger.wait(lambda l: l.acknowledged >= goal)
        server.kill()
        work.stop()
        assert not ledger.refused, list(ledger.refused.items())[:3]
        server.err_path.unlink()
        if n % 10 == 9:
            load.check_database(tmp_path / "data")
            server = burrow.blog(tmp_path)
            assert server.get("/ready").status_code == 200
            ledger.check(server)
            assert server.stop() == 0
    assert ledger.acknowledged >= 10 * ROUNDS and ledger.batches
