"""Pings or passes a list of hosts through Dask distributed and keeps the answers in SQLite.

usage: dask_bench.py WORK FORM LIST DATABASE CHUNK PROCESSES THREADS

WORK is what a task does with its chunk of hosts: "fping" (one fping process for all), "ping" (a ping process each,
as in the system that pingpool replaces), "none" (nothing is probed, all are up).
FORM is what it takes and returns: "rows" (a list of hosts, a list of tuples), as such a program is written at
first, or "text" (one string each), by which Dask is spared looking at every host. PROCESSES workers of THREADS
threads each, on loopback. Prints one line of JSON; the time is that from the first task to the last committed row:
reading the list and starting the cluster are left out.
"""

import json
import sqlite3
import subprocess
import sys
import time

from distributed import Client, LocalCluster

# Hosts whose results are fetched and committed together: one small task by one, each is a round trip of its own.
HOSTS_TOGETHER = 5000


def alive_by_fping(hosts):
    """Those that answer one fping process."""
    command = ["fping", "-a", "-q", "-i", "0", "-t", "1000", "-r", "1", "-B", "1"]
    ran = subprocess.run(command, input="\n".join(hosts), capture_output=True, text=True, check=False)
    return set(ran.stdout.split())


def alive_by_ping(hosts):
    """Those that answer a ping process each."""
    command = ["ping", "-c", "1", "-W", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return {host for host in hosts if subprocess.run([*command, host], check=False, **quiet).returncode == 0}


WORKS = {"fping": alive_by_fping, "ping": alive_by_ping, "none": set}


def rows_task(work, hosts):
    """A list of hosts to a list of rows."""
    alive = WORKS[work](hosts)
    return [(host, "up" if host in alive else "down") for host in hosts]


def text_task(work, text):
    """Hosts in one string to a letter for each."""
    hosts = text.split()
    alive = WORKS[work](hosts)
    return "".join("u" if host in alive else "d" for host in hosts)


def rows_of_text(hosts, letters):
    """What rows_task would have returned."""
    return [(host, "up" if letter == "u" else "down") for host, letter in zip(hosts, letters)]


def open_database(path):
    """A database as fast as it can be without losing what was committed to a crash of the program."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE hosts(host TEXT PRIMARY KEY, status TEXT)")
    return database


def run(client, work, form, hosts, chunk, database):
    """Submits everything at once, fetches and stores it in order. Returns hosts up."""
    chunks = [hosts[start : start + chunk] for start in range(0, len(hosts), chunk)]
    inputs = chunks if form == "rows" else ["\n".join(one) for one in chunks]
    task = rows_task if form == "rows" else text_task
    futures = client.map(task, [work] * len(inputs), inputs, pure=False)
    together = max(1, HOSTS_TOGETHER // chunk)
    found = 0
    for start in range(0, len(futures), together):
        results = client.gather(futures[start : start + together])
        for result, asked in zip(results, chunks[start : start + together]):
            rows = result if form == "rows" else rows_of_text(asked, result)
            database.executemany("INSERT OR REPLACE INTO hosts VALUES(?, ?)", rows)
            found += sum(1 for _, status in rows if status == "up")
        database.commit()
    return found


def main():
    """Runs one measurement."""
    work, form, list_path, database_path, chunk, processes, threads = sys.argv[1:]
    with open(list_path, encoding="ascii") as lines:
        hosts = lines.read().split()
    cluster = LocalCluster(n_workers=int(processes), threads_per_worker=int(threads), dashboard_address=None)
    client = Client(cluster)
    client.gather(client.map(len, ["warm"] * 8, pure=False))
    database = open_database(database_path)
    started_at = time.monotonic()
    found = run(client, work, form, hosts, int(chunk), database)
    seconds = time.monotonic() - started_at
    (stored,) = database.execute("SELECT count(*) FROM hosts").fetchone()
    print(json.dumps({"hosts": stored, "up": found, "seconds": seconds}))
    client.close()
    cluster.close()


if __name__ == "__main__":
    main()
