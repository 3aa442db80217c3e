"""Pings or passes a list of hosts through Dask distributed and keeps the answers in SQLite.

usage: dask_bench.py WORK LIST DATABASE CHUNK THREADS

WORK is what a task does: "fping" (a chunk of hosts through fping), "ping" (one host, a ping process, as in the
system that pingpool replaces), "chunks" (a chunk, nothing is probed), "singles" (one host, nothing is probed).
Two worker processes of THREADS threads each, on loopback. Prints one line of JSON; the time is that from the
first task to the last committed row: reading the list and starting the cluster are left out.
"""

import json
import sqlite3
import subprocess
import sys
import time

from distributed import Client, LocalCluster

HOSTS_TOGETHER = 5000


def probe_chunk(hosts):
    """Statuses of many hosts by one fping process."""
    command = ["fping", "-a", "-q", "-i", "0", "-t", "1000", "-r", "1", "-B", "1"]
    ran = subprocess.run(command, input="\n".join(hosts), capture_output=True, text=True, check=False)
    alive = set(ran.stdout.split())
    return [(host, "up" if host in alive else "down") for host in hosts]


def probe_host(host):
    """Status of one host by one ping process."""
    command = ["ping", "-c", "1", "-W", "1", host]
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return [(host, "up" if ran.returncode == 0 else "down")]


def pass_chunk(hosts):
    """The same rows without a probe."""
    return [(host, "up") for host in hosts]


def pass_host(host):
    """The same row without a probe."""
    return [(host, "up")]


WORKS = {"fping": probe_chunk, "ping": probe_host, "chunks": pass_chunk, "singles": pass_host}


def open_database(path):
    """A database as fast as it can be without losing what was committed to a crash of the program."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE hosts(host TEXT PRIMARY KEY, status TEXT)")
    return database


def run(client, work, hosts, chunk, database):
    """Sends everything at once, stores what is done as it is done. Returns hosts up."""
    if work in ("fping", "chunks"):
        inputs = [hosts[start : start + chunk] for start in range(0, len(hosts), chunk)]
    else:
        inputs = hosts
    futures = client.map(WORKS[work], inputs, pure=False)
    # Results in groups and in order: asked for one by one as they are completed, each is a round trip of its own.
    together = max(1, HOSTS_TOGETHER // chunk)
    found = 0
    for start in range(0, len(futures), together):
        for rows in client.gather(futures[start : start + together]):
            database.executemany("INSERT OR REPLACE INTO hosts VALUES(?, ?)", rows)
            found += sum(1 for _, status in rows if status == "up")
        database.commit()
    return found


def main():
    """Runs one measurement."""
    work, list_path, database_path, chunk, threads = sys.argv[1:]
    with open(list_path, encoding="ascii") as lines:
        hosts = lines.read().split()
    cluster = LocalCluster(n_workers=2, threads_per_worker=int(threads), processes=True, dashboard_address=None)
    client = Client(cluster)
    client.gather(client.map(pass_host, range(8)))
    database = open_database(database_path)
    started_at = time.monotonic()
    found = run(client, work, hosts, int(chunk), database)
    seconds = time.monotonic() - started_at
    (stored,) = database.execute("SELECT count(*) FROM hosts").fetchone()
    print(json.dumps({"hosts": stored, "up": found, "seconds": seconds}))
    client.close()
    cluster.close()


if __name__ == "__main__":
    main()
