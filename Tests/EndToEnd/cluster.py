"""Real nodes as child processes: started, looked at, killed by their own ids, cleaned away."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import web

_ports = random.Random()
_taken = set()
_lock = threading.Lock()


def free_port():
    """A port nobody listens on, below those that the kernel hands out for outgoing connections."""
    with _lock:
        while True:
            port = _ports.randrange(11000, 32000)
            if port in _taken:
                continue
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            _taken.add(port)
            return port


def eventually(check, within=10.0, every=0.05, what=None):
    """Waits until `check` gives something true, and hands it back."""
    deadline = time.monotonic() + within
    last = None
    while True:
        try:
            last = check()
            if last:
                return last
        except (OSError, AssertionError, KeyError, ValueError) as error:
            last = error
        if time.monotonic() > deadline:
            name = what or getattr(check, "__doc__", None) or "the condition"
            raise AssertionError(f"{name} did not hold within {within} s; last seen: {last!r}")
        time.sleep(every)


class Node:
    """One `muster serve` process, and the place where its data stays between two lives."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.http = f"127.0.0.1:{free_port()}"
        self.raft = f"127.0.0.1:{free_port()}"
        self.data = os.path.join(cluster.folder, f"node-{name}")
        self.log = os.path.join(cluster.folder, f"node-{name}.log")
        self.process = None

    def arguments(self, **changes):
        nodes = self.cluster.nodes
        options = {
            "id": self.name,
            "data": self.data,
            "http": self.http,
            "raft": self.raft,
            "peers": ",".join(f"{node.name}={node.raft}" for node in nodes),
            "http-peers": ",".join(f"{node.name}={node.http}" for node in nodes),
        }
        options.update(changes)
        words = [self.cluster.muster, "serve", "--stop-when-input-ends"]
        for option, value in options.items():
            words += [f"--{option}", str(value)]
        return words

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments(**self.cluster.options),
                stdin=subprocess.PIPE,  # ends with this process, and the node with it
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and waits until the kernel has buried the process."""
        if self.is_running():
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def terminate(self, within=10):
        """Asks the node to stop, and hands back its exit status."""
        self.process.terminate()
        status = self.process.wait(within)
        self.process.stdin.close()
        return status

    def request(self, method, path, parameters=None, **rest):
        return web.request(self.http, method, path, parameters, **rest)

    def status(self):
        return self.request("GET", "/muster/v1/status", timeout=2).json()

    def hosts(self, service, timeout=5, **parameters):
        """The instances of a service as this node sees them, by their ports."""
        parameters["serviceName"] = service
        path = "/nacos/v1/ns/instance/list"
        answer = self.request("GET", path, parameters, timeout=timeout)
        if answer.status != 200:
            raise OSError(f"node {self.name} answered {answer}")
        return {host["port"]: host for host in answer.json()["hosts"]}

    def processor_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cluster:
    """Some nodes on loopback, with a folder that goes when they go."""

    def __init__(self, muster, count=3, **options):
        self.muster = muster
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="cluster-")
        self.nodes = []
        self.nodes += [Node(self, name) for name in range(1, count + 1)]

    def start(self):
        for node in self.nodes:
            node.start()
        self.wait_until_ready()

    def wait_until_ready(self, within=15):
        """Every running node knows the same leader, has applied, and serves."""

        def check():
            running = [node for node in self.nodes if node.is_running()]
            statuses = [node.status() for node in running]
            leaders = {status.get("leader") for status in statuses}
            if len(leaders) != 1 or None in leaders:
                return None
            if [status["role"] for status in statuses].count("leader") != 1:
                return None
            for node in running:
                answer = node.request("GET", "/nacos/v1/ns/operator/metrics", timeout=2)
                if answer.status != 200 or answer.json()["status"] != "UP":
                    return None
            return statuses

        return eventually(check, within, what="a cluster that is ready")

    def leader(self):
        """The node that leads now."""
        running = [node for node in self.nodes if node.is_running()]

        def check():
            leading = []
            for node in running:
                try:
                    status = node.status()
                except OSError:
                    continue
                if status["role"] == "leader":
                    leading.append((status["term"], node))
            return max(leading, key=lambda pair: pair[0])[1] if leading else None

        return eventually(check, what="a leader")

    def followers(self):
        leader = self.leader()
        return [node for node in self.nodes if node is not leader and node.is_running()]

    def servers(self, first=0):
        """The addresses as the stock client takes them, beginning with one of them."""
        nodes = self.nodes[first:] + self.nodes[:first]
        return ",".join(node.http for node in nodes)

    def stop(self):
        for node in self.nodes:
            if node.process is not None:
                if node.is_running():
                    node.signal(signal.SIGCONT)
                node.kill()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, lines=40):
        parts = []
        for node in self.nodes:
            if os.path.exists(node.log):
                with open(node.log, errors="replace") as file:
                    tail = file.readlines()[-lines:]
                parts.append(f"--- the last lines of node {node.name} ---\n" + "".join(tail))
        return "\n".join(parts)
