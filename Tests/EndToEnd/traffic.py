"""Clients that go on working while nodes die, and remember what they were promised."""

import json
import threading
import time

import web
from cases_client import client, timers

BEATING = "traffic-beating"
WRITTEN = "traffic-written"
NEVER_JSON = json.dumps(timers(1000, 3_600_000, 3_600_000))  # never within a test
INSTANCES = 12


class Traffic:
    """Instances that beat through the stock client, a writer, and a watcher, until stopped."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.acknowledged = []  # (moment of the acknowledgement, port)
        self.refused = []  # answers that were no acknowledgement and no want of a leader
        self.harm = []  # beating instances that a node showed as missing or unhealthy
        self.looks = 0
        self._stopping = threading.Event()
        self._threads = []
        self._clients = []

    def start(self):
        for port in range(1, INSTANCES + 1):
            beating = client(self.cluster, port % len(self.cluster.nodes))
            beating.default_timeout = 1
            own = timers(1000, 5000, 10000)
            assert beating.add_naming_instance(
                BEATING, "10.0.0.3", port, metadata=own, heartbeat_interval=1
            )
            self._clients.append((beating, port))
        for work in (self._write, self._watch):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for beating, port in self._clients:
            for task in beating.heartbeats.values():
                task.stop()

    def _write(self):
        """Registers one instance after the other, each at the next node when one fails."""
        port, place = 0, 0
        while not self._stopping.is_set():
            port = port % 65535 + 1
            form = {"serviceName": WRITTEN, "ip": "10.0.0.4", "port": port, "metadata": NEVER_JSON}
            while not self._stopping.is_set():
                node = self.cluster.nodes[place % len(self.cluster.nodes)]
                try:
                    answer = web.request(
                        node.http, "POST", "/nacos/v1/ns/instance", form=form, timeout=1
                    )
                    if answer.status == 200 and answer.text == "ok":
                        self.acknowledged.append((time.monotonic(), port))
                        break
                    if answer.status != 503:
                        self.refused.append(answer)
                except OSError:
                    pass
                place += 1
                time.sleep(0.005)
            time.sleep(0.02)

    def _watch(self):
        """Looks at the beating instances on every node that answers."""
        while not self._stopping.is_set():
            for node in self.cluster.nodes:
                try:
                    hosts = node.hosts(BEATING, timeout=1)
                except OSError:
                    continue
                self.looks += 1
                for port in range(1, INSTANCES + 1):
                    if port not in hosts or not hosts[port]["healthy"]:
                        state = "unhealthy" if port in hosts else "missing"
                        self.harm.append((round(time.monotonic(), 2), node.name, port, state))
            time.sleep(0.1)

    def gap_after(self, moment):
        """The longest time without an acknowledgement from a moment on, in seconds."""
        times = [moment] + [when for when, _ in self.acknowledged if when > moment]
        assert len(times) > 1, "no write was acknowledged any more"
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def ports(self):
        return {port for _, port in list(self.acknowledged)}

    def check(self, nodes):
        """Nothing acknowledged is lost and nothing that beats has expired, on any of the nodes."""
        assert not self.harm, f"{len(self.harm)} looks found harm, first {self.harm[:5]}"
        assert not self.refused, self.refused[:5]
        for node in nodes:
            ports = self.ports()  # before the list is read: each of these is in it, or lost
            hosts = node.hosts(WRITTEN)
            lost = ports - set(hosts)
            assert not lost, f"node {node.name} lacks {len(lost)} of {len(ports)}: {sorted(lost)[:5]}"
