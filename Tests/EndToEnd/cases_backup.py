"""Backups of a running cluster, and new clusters that begin with them."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

from cluster import Cluster, eventually


def tool(cluster, *words):
    """Runs `muster` with these words to its end."""
    return subprocess.run(
        [cluster.muster, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def done(cluster, *words):
    ended = tool(cluster, *words)
    assert ended.returncode == 0, ended
    return ended.stdout


def register(node, service, port):
    answer = node.request(
        "POST", "/nacos/v1/ns/instance", {"serviceName": service, "ip": "10.0.0.1", "port": port}
    )
    assert answer.status == 200, answer


def beat(node, service, port):
    """A light beat: true when the server knows the instance."""
    parameters = {"serviceName": service, "ip": "10.0.0.1", "port": port, "clusterName": "DEFAULT"}
    answer = node.request("PUT", "/nacos/v1/ns/instance/beat", parameters)
    assert answer.status == 200, answer
    return answer.json()["code"] == 10200


def restored(cluster, backup, name):
    """A new cluster, its nodes not started, with what a backup holds."""
    fresh = Cluster(cluster.muster, 3, cluster=name)
    for node in fresh.nodes:
        words = ["restore", backup, "--data", node.data, "--cluster", name, "--node", node.name]
        done(cluster, *words)
    return fresh


def a_new_cluster_begins_with_a_backup_and_refuses_the_old_nodes(cluster):
    old = Cluster(cluster.muster, 3)
    fresh = None
    try:
        old.start()
        for port in range(1, 21):
            register(old.nodes[port % 3], "kept", port)
        backup = os.path.join(old.folder, "backup")
        for node in old.nodes:  # any node can be asked
            done(cluster, "backup", "--server", f"http://{node.http}/", "--out", backup, "--force")
        register(old.leader(), "lost", 1)
        for node in old.nodes:
            node.kill()

        fresh = restored(cluster, backup, "fresh")
        began = time.monotonic()
        fresh.start()
        ports = set(range(1, 21))
        for node in fresh.nodes:
            hosts = node.hosts("kept")
            assert set(hosts) == ports, hosts
            assert all(host["healthy"] for host in hosts.values()), hosts
            assert not node.hosts("lost")
        # Nobody beats but one, and everybody has 15 s to do so from now, whatever was before.
        assert beat(fresh.followers()[0], "kept", 3)
        register(fresh.followers()[1], "kept", 99)
        assert set(fresh.leader().hosts("kept")) == ports | {99}
        time.sleep(max(0, began + 10 - time.monotonic()))
        hosts = fresh.nodes[0].hosts("kept")
        assert all(host["healthy"] for host in hosts.values()), hosts

        # A node of the old cluster, at the place of one of the new.
        away = fresh.followers()[0]
        away.kill()
        stranger = old.nodes[away.name - 1]
        stranger.http, stranger.raft = away.http, away.raft
        old_nodes, old.nodes = old.nodes, [
            stranger if node is away else node for node in fresh.nodes
        ]
        stranger.start()

        def is_refused():
            with open(stranger.log, errors="replace") as log:
                return 'belongs to cluster \\"fresh\\"' in log.read()

        eventually(is_refused, what="the refusal in the log of the old node")
        assert stranger.status()["cluster"] == "muster"
        assert "leader" not in stranger.status()
        stranger.kill()
        old.nodes = old_nodes

        # It is a cluster like any other: it goes on after all of it was killed.
        for node in fresh.nodes:
            if node.is_running():
                node.kill()
        for node in fresh.nodes:
            node.start()
        fresh.wait_until_ready()
        assert 99 in fresh.nodes[0].hosts("kept")
    finally:
        old.remove()
        if fresh:
            fresh.remove()


def nodes_of_different_backups_found_no_cluster(cluster):
    old = Cluster(cluster.muster, 1)
    fresh = None
    try:
        old.start()
        register(old.nodes[0], "kept", 1)
        backups = []
        for port in range(2, 4):
            backups.append(os.path.join(old.folder, f"backup-{port}"))
            done(cluster, "backup", "--server", old.nodes[0].http, "--out", backups[-1])
            register(old.nodes[0], "kept", port)
        fresh = Cluster(cluster.muster, 3, cluster="fresh")
        for node, backup in zip(fresh.nodes, [backups[0], backups[0], backups[1]]):
            words = ["--data", node.data, "--cluster", "fresh", "--node", node.name]
            done(cluster, "restore", backup, *words, "--members", "1,2,3")
            node.start()

        def is_told():
            with open(fresh.nodes[0].log, errors="replace") as log:
                return "restore all members from the same backup" in log.read()

        eventually(is_told, what="the reason in the log")
        time.sleep(3)  # more than anybody would wait before a campaign
        assert [node.status()["term"] for node in fresh.nodes] == [1, 1, 1]
        assert not any("leader" in node.status() for node in fresh.nodes)
    finally:
        old.remove()
        if fresh:
            fresh.remove()


def a_backup_under_load_holds_all_that_was_answered_before_it_began(cluster):
    spare = Cluster(cluster.muster, 3)
    answered = []
    stop = threading.Event()

    def write():
        port = 0
        while not stop.is_set() and port < 60000:
            port += 1
            register(spare.nodes[port % 3], "load", port)
            answered.append(port)

    writer = threading.Thread(target=write)
    try:
        spare.start()
        writer.start()
        for i in range(5):
            time.sleep(0.3)
            before = set(answered)
            backup = os.path.join(spare.folder, f"backup-{i}")
            server = spare.nodes[i % 3].http
            done(cluster, "backup", "--server", server, "--out", backup)
            shown = json.loads(done(cluster, "snapshot", "inspect", backup, "--json"))
            assert shown["instances"] >= len(before), (shown, len(before))
        return f"{shown['instances']} instances in the last one"
    finally:
        stop.set()
        writer.join()
        spare.remove()


def a_backup_without_a_leader_is_refused_and_leaves_nothing(cluster):
    spare = Cluster(cluster.muster, 3)
    try:
        spare.start()
        for node in spare.followers():
            node.kill()
        left = next(node for node in spare.nodes if node.is_running())
        path = os.path.join(spare.folder, "backup")
        ended = tool(cluster, "backup", "--server", left.http, "--out", path)
        assert ended.returncode == 1 and "no leader" in ended.stderr, ended
        assert not [name for name in os.listdir(spare.folder) if name.startswith("backup")]
    finally:
        spare.remove()


def the_files_of_a_killed_node_can_be_looked_at(cluster):
    spare = Cluster(cluster.muster, 3, **{"snapshot-entries": "30"})
    try:
        spare.start()
        for port in range(1, 101):
            register(spare.nodes[0], "web", port)
        node = spare.followers()[0]
        eventually(lambda: os.listdir(os.path.join(node.data, "snapshots")), what="a snapshot")
        node.signal(signal.SIGKILL)
        node.process.wait()
        copy = os.path.join(spare.folder, "copy")
        shutil.copytree(node.data, copy)
        shown = json.loads(done(cluster, "wal", "inspect", copy, "--json"))
        assert shown["verdict"] in ("clean", "torn"), shown
        assert shown["node"] == node.name and shown["last"]["index"] > 100, shown
        segment = os.path.join(copy, "log", shown["segments"][0]["file"])
        with open(segment, "r+b") as file:
            file.seek(1000)
            byte = file.read(1)[0]
            file.seek(1000)
            file.write(bytes([byte ^ 1]))
        ended = tool(cluster, "wal", "inspect", copy)
        assert ended.returncode == 1 and "damaged" in ended.stdout, ended
        assert tool(cluster, "wal", "inspect", spare.folder).returncode == 2
        assert tool(cluster, "wal", "inspect").returncode == 2
        for name in os.listdir(os.path.join(node.data, "snapshots")):
            path = os.path.join(node.data, "snapshots", name)
            assert "whole" in done(cluster, "snapshot", "inspect", path)
    finally:
        spare.remove()


CASES = [
    a_new_cluster_begins_with_a_backup_and_refuses_the_old_nodes,
    nodes_of_different_backups_found_no_cluster,
    a_backup_under_load_holds_all_that_was_answered_before_it_began,
    a_backup_without_a_leader_is_refused_and_leaves_nothing,
    the_files_of_a_killed_node_can_be_looked_at,
]
