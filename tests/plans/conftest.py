"""Histories in a few words: tuples become the tables of `Plans`; and a PostgreSQL server while the tests run."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from secondplan.plans import Plans

LAYOUT = {
    "reviews": ["plan_id", "review_date", "quorate", "absent_agencies"],
    "care_episodes": ["child_id", "start_date", "end_date"],
    "cin_episodes": ["child_id", "referral_date", "closure_date", "closure_reason"],
    "assessments": ["child_id", "start_date", "authorisation_date", "factors"],
    "involvements": ["child_id", "worker_id", "start_date", "end_date", "agency_worker"],
}
PLAN = ["child_id", "start_date", "end_date"]
PLAN_DEFAULTS = {
    "initial_category": "NEG",
    "latest_category": "NEG",
    "previous_plans_reported": 0,
    "other_authority": False,
}
CHILD = {
    "family_id": None,
    "sex": "1",
    "date_of_birth": "2010-01-01",
    "expected_date_of_birth": None,
    "ethnicity": "WBRI",
    "disabilities": "NONE",
    "date_of_death": None,
}
LA_CODE = "330"


def _frame(rows, columns):
    """Rows of text as a frame; a child written ``331:c1`` belongs to authority 331."""
    frame = pd.DataFrame(
        [tuple(row) + (None,) * (len(columns) - len(row)) for row in rows], columns=columns, dtype=object
    )
    for column in frame.columns[frame.columns.str.contains("date")]:
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    if "child_id" in frame.columns:
        child = frame["child_id"].astype("string")
        frame["la_code"] = child.str.extract(r"^(\d{3}):", expand=False).fillna(LA_CODE)
        frame["child_id"] = child.str.replace(r"^\d{3}:", "", regex=True)
    return frame


@pytest.fixture(scope="session")
def make_plans():
    """Function that makes `Plans` of an authority from tuples.

    ``plans`` are tuples (child, start, end, overrides); ``children`` maps a child to overrides; ``extract`` are tuples
    (first date, extract date, authority); the other tables are tuples in the order of ``LAYOUT``.
    """

    def make(plans, *, children=None, extract=(("2012-04-01", "2018-03-31"),), **tables):
        records = _frame([(*plan[:3], None)[:3] for plan in plans], PLAN)
        for column, default in PLAN_DEFAULTS.items():
            records[column] = [(plan[3] if len(plan) > 3 else {}).get(column, default) for plan in plans]
        number = records.groupby(["la_code", "child_id"]).cumcount().add(1).astype(str)
        records["plan_id"] = records["la_code"] + "-" + records["child_id"] + "-" + number
        for position, plan in enumerate(plans):
            records.loc[position, "plan_id"] = (plan[3] if len(plan) > 3 else {}).get(
                "plan_id", records["plan_id"][position]
            )
        persons = list(dict.fromkeys([plan[0] for plan in plans] + list(children or {})))
        facts = [CHILD | (children or {}).get(person, {}) for person in persons]
        people = _frame(
            [(person, *fact.values()) for person, fact in zip(persons, facts, strict=True)], ["child_id", *CHILD]
        )
        spans = pd.DataFrame(
            [
                {"la_code": (*span, LA_CODE)[2], "first_date": span[0], "extract_date": span[1], "source": "by hand"}
                for span in extract
            ],
            columns=["la_code", "first_date", "extract_date", "source"],
        )
        for column in ("first_date", "extract_date"):
            spans[column] = pd.to_datetime(spans[column]).astype("datetime64[us]")
        others = {name: _frame(rows, LAYOUT[name]) for name, rows in tables.items()}
        for name in others.keys() & {"cin_episodes"}:
            others[name] = others[name].assign(referral_source=None, primary_need=None)
        return Plans(children=people, plans=records, extract=spans, **others)

    return make


USER, PASSWORD, DATABASE = "ssd_reader", "s3cret-word", "hdm_local"


def find_postgresql():
    """The folder of initdb and pg_ctl, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    folders = [*versions[::-1], *([Path(on_path).parent] if on_path else [])]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def why_no_postgresql():
    """Why no server can be started here; empty where it can."""
    if os.name == "nt":
        return "the tests start PostgreSQL on Linux and macOS only"
    if find_postgresql() is None:
        return "PostgreSQL is not installed (initdb is not in /usr/lib/postgresql/*/bin, nor on the path)"
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg, the driver for PostgreSQL, is not installed"
    if os.geteuid() == 0 and not is_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def is_user(name):
    import pwd

    return any(user.pw_name == name for user in pwd.getpwall())


@contextmanager
def running_postgresql():
    """The address of a database on a server that listens on a socket in a folder of its own, and nowhere else."""
    binaries = find_postgresql()
    # Short, as the path of a socket must be; outside pytest's folders, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="ssdpg"))
    data = folder / "data"
    # PostgreSQL refuses to run as root.
    other = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if other:
        shutil.chown(folder, **other)

    def run(program, *arguments):
        # The server inherits what it writes to, and would hold a pipe open.
        with (folder / "log").open("ab") as log:
            subprocess.run(
                [str(binaries / program), *map(str, arguments)],
                **other,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                timeout=180,
            )

    try:
        run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c shared_buffers=16MB"
        run("pg_ctl", "-D", data, "-o", settings, "-w", "-t", "120", "start")
        try:
            run("createdb", "-h", folder, "-U", USER, DATABASE)
            yield f"postgresql+psycopg://{USER}:{PASSWORD}@/{DATABASE}?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql():
    """The address of a database on a server of one's own, with a password in it."""
    if reason := why_no_postgresql():
        pytest.skip(reason)
    with running_postgresql() as address:
        yield address
