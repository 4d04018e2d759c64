"""SIGTERM under load: what was begun is finished and answered; nothing is done without an answer."""
import random
import signal

import burrow
import load

ROUNDS = 20


def test_stop_under_write_load(tmp_path):
    ledger, dice = load.Ledger(), random.Random(3)
    for n in range(ROUNDS):
        server = burrow.blog(tmp_path)
        work = load.Load(server, ledger, f"s{n}", writers=8)
        goal = ledger.acknowledged + dice.randint(10, 100)
        ledger.wait(lambda l: l.acknowledged >= goal)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(burrow.PATIENCE) == 0, server.log()
        work.stop()
        assert set(ledger.refused) <= {503}, list(ledger.refused.items())[:3]
    assert ledger.torn == 0, "answers were cut short"
    server = burrow.blog(tmp_path)
    found = ledger.check(server)
    unanswered = {t for t in found.values() if t not in ledger.batches} - set(ledger.titles.values())
    assert not unanswered, f"done, but never answered: {sorted(unanswered)[:5]}"
    assert server.stop() == 0
