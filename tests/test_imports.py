"""The rooms of the house, and which way imports run between them."""

import os
import subprocess
import sys

import grimp
import pytest

PACKAGE = "tele2ats_async"

# From the ground up: a module imports only from floors below its own, or from its own room.
FLOORS = (
    {"errors", "models", "numbers", "observing", "pace", "tasks", "version"},
    {"disk", "logs"},
    {"wire"},
    {"transport", "retry"},
    {"tokens"},
    {"requester"},
    {"live", "paging", "recordings", "transcripts"},
    {"archive"},
    {"report"},
    {"resources"},
    {"session"},
    {"cli", "otel", "testing"},
    {"__main__"},
)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Read the imports of the whole package."""
    return grimp.build_graph(PACKAGE, include_external_packages=True, exclude_type_checking_imports=True)


def _room(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def _internal(graph: grimp.ImportGraph, module: str) -> set[str]:
    imported = graph.find_modules_directly_imported_by(module)
    return {name for name in imported if name.startswith(f"{PACKAGE}.")}


def test_every_room_has_a_floor(graph: grimp.ImportGraph) -> None:
    """A new module is placed in the picture above before it is built."""
    rooms = {_room(module) for module in graph.modules if module.startswith(f"{PACKAGE}.")}

    assert {"simulator"}.union(*FLOORS) == rooms


def test_imports_run_one_way(graph: grimp.ImportGraph) -> None:
    """No module reaches up, or across to another room of its floor."""
    floor_of = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
    wrong = [
        f"{module} -> {imported}"
        for module in graph.modules
        if module.startswith(f"{PACKAGE}.") and _room(module) in floor_of
        for imported in _internal(graph, module)
        if _room(imported) != _room(module)
        and floor_of.get(_room(imported), len(FLOORS)) >= floor_of[_room(module)]
        and (_room(module), _room(imported)) != ("cli", "simulator")
    ]

    assert [] == wrong


def test_the_simulator_shares_only_the_spelling(graph: grimp.ImportGraph) -> None:
    """A mistake of the client cannot hide behind the same mistake in the simulator."""
    shared = {
        imported
        for module in graph.modules
        if module.startswith(f"{PACKAGE}.simulator")
        for imported in _internal(graph, module)
        if _room(imported) != "simulator"
    }

    assert {f"{PACKAGE}.models", f"{PACKAGE}.wire.converter"} == shared


def test_only_the_transport_talks_to_aiohttp(graph: grimp.ImportGraph) -> None:
    """One way in, one way out."""
    callers = {
        _room(module)
        for module in graph.modules
        if module.startswith(PACKAGE) and "aiohttp" in graph.find_modules_directly_imported_by(module)
    }

    assert {"simulator", "transport"} == callers


@pytest.mark.parametrize("module", [PACKAGE, f"{PACKAGE}.testing"])
def test_the_package_loads_core_dependencies_only(module: str) -> None:
    """`import tele2ats_async` does not load what belongs to an extra; nor do its test tools, or pytest."""
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    foreign = {"aiohttp.web", "jinja2", "lameenc", "opentelemetry", "pytest", "redis", "rich", "typer"}
    assert set() == (foreign | {f"{PACKAGE}.cli", f"{PACKAGE}.report", f"{PACKAGE}.simulator"}) & set(loaded)


def _modules_of(program: str) -> set[str]:
    """Run a program, and give the modules that it has loaded; without coverage, which loads some itself."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    finished = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        env=variables,
    )
    return set(finished.stdout.split())


def test_the_package_loads_at_first_use_what_takes_time() -> None:
    """Of a program that imports the package and calls nobody, nothing is loaded that only calls need."""
    rare = {
        f"{PACKAGE}.live.watching",
        f"{PACKAGE}.transcripts.spelling",
        "aiolimiter",
        "cattrs",
        "filelock",
        "sqlite3",
        "stamina",
        "tenacity",
        f"{PACKAGE}.archive.index",
    }

    assert set() == rare & _modules_of(f"import {PACKAGE}")


def test_what_calls_need_is_loaded_with_the_session() -> None:
    """A failure may be that no more files can be opened, and an answer must not keep other tasks waiting."""
    loaded = _modules_of(f"import {PACKAGE} as p; p.AtsSession(p.FileTokenStore('tokens.json'))")

    assert {"cattrs", "filelock", "stamina"} <= loaded


def test_the_public_names_are_sorted_and_there() -> None:
    """`__all__` is what the package offers, in order."""
    package = __import__(PACKAGE)

    assert sorted(package.__all__) == package.__all__
    assert [] == [name for name in package.__all__ if not hasattr(package, name)]
