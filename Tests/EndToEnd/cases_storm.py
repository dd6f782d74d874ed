"""Many writers at full speed while nodes are killed at random moments."""

import http.client
import os
import random
import threading
import time
import urllib.parse

from cluster import eventually
from traffic import NEVER_JSON

WRITERS = 12
SECONDS = 20


class Writer(threading.Thread):
    """Registers instances of one service on a kept connection, as fast as it is answered."""

    def __init__(self, cluster, number):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.service = f"storm-{number}"
        self.acknowledged = set()
        self.refused = []
        self.stopping = threading.Event()
        self._place = number

    def run(self):
        for number in range(1, 65536):
            while not self.stopping.is_set():
                if self._register(number):
                    break
                self._place += 1
                time.sleep(0.01)
            if self.stopping.is_set():
                return

    _connection = None

    def _register(self, port):
        fields = {"serviceName": self.service, "ip": "10.0.0.6", "port": port, "metadata": NEVER_JSON}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            if self._connection is None:
                address = self.cluster.nodes[self._place % len(self.cluster.nodes)].http
                self._connection = http.client.HTTPConnection(address, timeout=3)
            self._connection.request(
                "POST", "/nacos/v1/ns/instance", urllib.parse.urlencode(fields), headers
            )
            answer = self._connection.getresponse()
            text = answer.read()
            if answer.status == 200 and text == b"ok":
                self.acknowledged.add(port)
                return True
            if answer.status != 503:
                self.refused.append((answer.status, text))
        except (OSError, http.client.HTTPException):
            pass
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return False


def random_kills_under_load_lose_nothing(cluster):
    seed = int.from_bytes(os.urandom(4), "big")
    dice = random.Random(seed)
    writers = [Writer(cluster, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    kills = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(dice.uniform(0.3, 1.5))
        victims = dice.sample(cluster.nodes, dice.choice([1, 1, 1, 2]))
        for node in victims:
            node.kill()
            kills += 1
        time.sleep(dice.uniform(0, 0.8))
        for node in victims:
            node.start()
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join()
    cluster.wait_until_ready(30)
    count = sum(len(writer.acknowledged) for writer in writers)
    for writer in writers:
        assert not writer.refused, writer.refused[:3]
        for node in cluster.nodes:
            eventually(
                lambda: not writer.acknowledged - set(node.hosts(writer.service)),
                5, what=f"all of {writer.service} at node {node.name} (seed {seed})",
            )
    assert count > 100 * kills, f"only {count} writes were acknowledged between {kills} kills"
    return f"{count} acknowledged writes, {kills} kills"


CASES = [random_kills_under_load_lose_nothing]
