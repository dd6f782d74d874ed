"""Disks that are full: small ones in memory, which only the process under test sees."""

import os
import subprocess

from cases_http import INSTANCE
from cluster import Cluster, eventually
from runner import NotRun

# A file system of so many bytes, with so much of it taken, and then the command.
SMALL_DISK = 'mount -t tmpfs -o size="$1" none "$0" && head -c "$2" /dev/zero > "$0/filler" && shift 2 && '


def may_mount():
    """Whether this user may have a file system of his own."""
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(words, capture_output=True, timeout=15).returncode == 0
    except OSError:
        return False


def on_small_disk(folder, size, taken, words, then='exec "$@"'):
    """The command line that runs `words` with such a disk in the place of a folder."""
    return ["unshare", "-rm", "sh", "-c", SMALL_DISK + then, folder, size, taken, *words]


def register(node, port):
    fields = {"serviceName": "full", "ip": "10.0.0.1", "port": port}
    return node.request("POST", INSTANCE, form=fields)


def value(node, name):
    """A figure of a node's metrics page."""
    for line in node.request("GET", "/metrics").text.splitlines():
        if line.split(" ")[0].split("{")[0] == name:
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no {name}")


def needs_mounts(case):
    def run(cluster):
        if not may_mount():
            raise NotRun("this user may mount nothing")
        return case(cluster)

    run.__name__ = case.__name__
    return run


@needs_mounts
def a_node_whose_disk_is_full_takes_no_changes_says_so_and_goes_on_by_itself(cluster):
    small = Cluster(cluster.muster, 3)
    full, *others = small.nodes
    os.mkdir(full.data)
    plain = full.arguments
    # Room for the first segment of the log, and none for the second.
    full.arguments = lambda **changes: on_small_disk(full.data, "48m", "24m", plain(**changes))
    try:
        for node in small.nodes:
            node.start()
        eventually(lambda: small.leader() in others and value(full, "muster_disk_full") == 1)
        for port, node in enumerate(others, start=1):
            eventually(lambda: register(node, port).status == 200)
        # It follows all the same, and answers questions.
        eventually(lambda: set(full.hosts("full")) == {1, 2})
        answer = register(full, 3)
        assert answer.status == 503, answer
        assert "the disk of this server is full" in answer.text, answer
        for node in others:
            assert value(node, "muster_disk_full") == value(node, "muster_disk_full_total") == 0
        assert value(full, "muster_disk_full_total") == 1
        log = open(full.log).read()
        assert "the disk is full" in log and "No space left" in log, log

        os.remove(f"/proc/{full.pid}/root{full.data}/filler")
        eventually(lambda: value(full, "muster_disk_full") == 0)
        eventually(lambda: register(full, 3).status == 200)
        assert set(full.hosts("full")) == {1, 2, 3}
        assert value(full, "muster_disk_full_total") == 1
        assert "the disk has space again" in open(full.log).read()
    finally:
        small.remove()


@needs_mounts
def a_backup_for_which_there_is_no_space_leaves_nothing_and_what_was_there(cluster):
    folder = os.path.join(cluster.folder, "small")
    os.mkdir(folder)
    target = os.path.join(folder, "backup")
    server = f"http://{cluster.leader().http}/"
    words = [cluster.muster, "backup", "--server", server, "--force", "--out", target]
    then = f'echo old > {target}; "$@"; status=$?; ls -A "$0"; cat {target}; exit $status'
    command = on_small_disk(folder, "8k", "4k", words, then)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode > 0, ended
    assert ended.stdout.split() == ["backup", "filler", "old"], ended
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1 and "No space left" in lines[0] and target in lines[0], ended
    return lines[0]


CASES = [
    a_node_whose_disk_is_full_takes_no_changes_says_so_and_goes_on_by_itself,
    a_backup_for_which_there_is_no_space_leaves_nothing_and_what_was_there,
]
