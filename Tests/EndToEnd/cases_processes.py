"""The executable itself: what it costs when idle, how it refuses to start, and the demo."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from cases_http import register
from cluster import Cluster, eventually, free_port


def an_idle_cluster_costs_under_2_percent_of_a_core(cluster):
    cluster.wait_until_ready()
    time.sleep(2)
    start = time.monotonic()
    before = [node.processor_seconds() for node in cluster.nodes]
    time.sleep(10)
    elapsed = time.monotonic() - start
    shares = [
        100 * (node.processor_seconds() - used) / elapsed
        for node, used in zip(cluster.nodes, before)
    ]
    shown = ", ".join(f"{share:.1f} %" for share in shares)
    assert max(shares) < 2, shown
    return shown


def an_idle_cluster_logs_nothing(cluster):
    sizes = [os.path.getsize(node.log) for node in cluster.nodes]
    time.sleep(2)
    assert sizes == [os.path.getsize(node.log) for node in cluster.nodes], cluster.logs(10)


def run(words, within=15):
    return subprocess.run(words, capture_output=True, text=True, timeout=within, stdin=subprocess.PIPE)


def refused(words, *texts):
    """The executable ends by itself, not well, with one line that says why."""
    with open(os.devnull) as nothing:
        ended = subprocess.run(words, capture_output=True, text=True, timeout=15, stdin=nothing)
    assert ended.returncode > 0, ended
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended
    for text in texts:
        assert text in lines[0], ended


def without_parent(words):
    """The same command line, for a process that has no input to watch."""
    return [word for word in words if word != "--stop-when-input-ends"]


def a_second_process_on_a_data_directory_is_refused(cluster):
    node = cluster.nodes[0]
    words = node.arguments(http=f"127.0.0.1:{free_port()}", raft=f"127.0.0.1:{free_port()}")
    refused(without_parent(words), node.data, "in use")
    assert node.is_running()


def a_port_in_use_is_named(cluster):
    node = cluster.nodes[0]
    spare = tempfile.mkdtemp(prefix="spare-")
    try:
        taken = node.arguments(data=spare, raft=f"127.0.0.1:{free_port()}")
        refused(without_parent(taken), node.http, "in use")
        taken = node.arguments(data=spare, http=f"127.0.0.1:{free_port()}")
        refused(without_parent(taken), node.raft, "in use")
    finally:
        shutil.rmtree(spare)


def bad_flags_are_named(cluster):
    node = cluster.nodes[0]
    refused([cluster.muster], "command")
    refused([cluster.muster, "dance"], "dance")
    refused([cluster.muster, "serve", "--id", "1"], "--data")
    refused(without_parent(node.arguments(id="zero")), "--id", "zero")
    refused(without_parent(node.arguments(id="9")), "--peers", "9")
    refused(without_parent(node.arguments(http="nowhere")), "--http", "nowhere")
    refused(without_parent(node.arguments(peers="1")), "--peers")
    refused([*without_parent(node.arguments()), "--colour", "red"], "--colour")


def a_data_directory_that_cannot_be_used_is_named(cluster):
    node = cluster.nodes[0]
    with tempfile.NamedTemporaryFile(prefix="spare-") as file:
        words = node.arguments(
            data=file.name, http=f"127.0.0.1:{free_port()}", raft=f"127.0.0.1:{free_port()}"
        )
        refused(without_parent(words), file.name)


def a_data_directory_of_another_node_is_refused(cluster):
    spare = Cluster(cluster.muster, 3)
    try:
        first, second, _ = spare.nodes
        first.start()
        eventually(lambda: first.status()["node"] == 1)
        first.terminate()
        refused(without_parent(second.arguments(data=first.data)), first.data)
        other = first.arguments(cluster="another")
        refused(without_parent(other), first.data)
    finally:
        spare.remove()


def a_node_that_lost_its_data_takes_no_part_and_says_why(cluster):
    spare = Cluster(cluster.muster, 3)
    try:
        spare.start()
        lost, *others = spare.followers() + [spare.leader()]
        lost.kill()
        shutil.rmtree(lost.data)
        lost.start()

        def is_told():
            with open(lost.log, errors="replace") as log:
                return "a peer refuses this node" in log.read()

        eventually(is_told, what="the reason in the log of the node that lost its data")
        time.sleep(3)  # more than it would wait before a campaign
        status = lost.status()
        assert (status["role"], status["term"], status["lastIndex"]) == ("follower", 0, 0), status
        # What the others go on with needs both of them.
        others[0].kill()
        survivor = others[1]
        eventually(lambda: survivor.status()["role"] != "leader", what="the end of the quorum")
        assert lost.status()["term"] == 0
        others[0].start()
        eventually(lambda: survivor.status()["leader"], 15, what="a leader of the two")
    finally:
        spare.remove()


def damage_log(node):
    """Flips a bit in the middle of what a stopped node has written to its first log segment."""
    folder = os.path.join(node.data, "log")
    path = os.path.join(folder, sorted(os.listdir(folder))[0])
    with open(path, "r+b") as file:
        offset = len(file.read().rstrip(b"\0")) // 2
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))
    return path


def logged(node, *texts):
    """The line of a node's log that has all these texts."""
    with open(node.log, errors="replace") as log:
        return next((line for line in log if all(text in line for text in texts)), None)


def a_node_with_a_damaged_log_comes_back_as_a_voter_by_itself(cluster):
    spare = Cluster(cluster.muster, 3)
    try:
        spare.start()
        for port in range(9000, 9060):
            register(spare.nodes[port % 3], "kept", port)
        damaged, third = spare.followers()
        damaged.terminate()
        path = damage_log(damaged)
        refused(without_parent(damaged.arguments(**{"on-damage": "stop"})), path, "damaged at byte", "index")
        moment = time.monotonic()
        damaged.start()
        line = eventually(lambda: logged(damaged, path, "damaged at byte", "index"), what="the line about the damage")
        eventually(lambda: logged(damaged, "have readmitted this node"), 20, what="the readmission")
        spare.wait_until_ready()
        eventually(lambda: len(damaged.hosts("kept")) == 60, what="all instances at the damaged node")
        taken = time.monotonic() - moment
        # Without its vote nothing could be written now.
        eventually(lambda: logged(damaged, "membership changed", "voters=1,2,3"), what="its vote")
        third.kill()
        register(damaged, "kept", 9060)
        assert len(damaged.hosts("kept")) == 61
        assert any(name.startswith("damaged-") for name in os.listdir(damaged.data)), line
        return f"back {taken:.1f} s after its start"
    finally:
        spare.remove()


def help_and_version_are_printed(cluster):
    helped = run([cluster.muster, "--help"])
    assert helped.returncode == 0 and "muster serve" in helped.stdout, helped
    version = run([cluster.muster, "version"])
    assert version.returncode == 0 and re.search(r"\d+\.\d+\.\d+", version.stdout), version


class Demo:
    """A running `muster demo`, with the pids of its nodes read from what it prints."""

    def __init__(self, muster, *more):
        self.port = demo_port()
        self.output = tempfile.NamedTemporaryFile("w+", prefix="spare-")
        self.process = subprocess.Popen(
            [muster, "demo", "--http-port", str(self.port), *more],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
        )

    def text(self):
        with open(self.output.name) as file:
            return file.read()

    def pids(self):
        return [int(pid) for pid in re.findall(r"\bpid (\d+)", self.text())]

    def wait_until_up(self):
        def check():
            return len(self.pids()) == 3 and "curl " in self.text()

        eventually(check, 15, what="the demo's greeting")
        words = re.search(r"^\s*(curl .*)$", self.text(), re.MULTILINE).group(1)
        eventually(
            lambda: subprocess.run(words, shell=True, capture_output=True).returncode == 0,
            10, what=f"the demo's own line: {words}",
        )

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()


def demo_port():
    """A port whose whole family of demo ports is free just now."""
    while True:
        first = free_port()
        family = [first + 10 * place - down for place in range(3) for down in (0, 1000)]
        try:
            for port in family:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def temporary_folders():
    return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("muster-demo")}


def the_demo_stops_its_nodes_and_cleans_up(cluster):
    before = temporary_folders()
    demo = Demo(cluster.muster)
    try:
        demo.wait_until_up()
        pids = demo.pids()
        demo.process.send_signal(signal.SIGINT)
        status = demo.process.wait(15)
        assert status == 0, (status, demo.text())
        assert not any(map(is_alive, pids)), demo.text()
        assert temporary_folders() <= before, temporary_folders()
    finally:
        demo.close()


def the_nodes_of_a_killed_demo_end_too(cluster):
    folder = tempfile.mkdtemp(prefix="spare-")
    demo = Demo(cluster.muster, "--data", folder)
    try:
        demo.wait_until_up()
        pids = demo.pids()
        demo.process.kill()
        demo.process.wait()
        eventually(lambda: not any(map(is_alive, pids)), 10, what="the end of the nodes")
    finally:
        demo.close()
        shutil.rmtree(folder)


def a_demo_whose_port_is_taken_does_not_start(cluster):
    port = cluster.nodes[1].http.rsplit(":", 1)[1]
    refused([cluster.muster, "demo", "--http-port", port], port, "in use")


CASES = [
    an_idle_cluster_costs_under_2_percent_of_a_core,
    an_idle_cluster_logs_nothing,
    a_second_process_on_a_data_directory_is_refused,
    a_port_in_use_is_named,
    bad_flags_are_named,
    a_data_directory_that_cannot_be_used_is_named,
    a_data_directory_of_another_node_is_refused,
    a_node_that_lost_its_data_takes_no_part_and_says_why,
    a_node_with_a_damaged_log_comes_back_as_a_voter_by_itself,
    help_and_version_are_printed,
    the_demo_stops_its_nodes_and_cleans_up,
    the_nodes_of_a_killed_demo_end_too,
    a_demo_whose_port_is_taken_does_not_start,
]
