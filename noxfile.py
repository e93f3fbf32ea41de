"""The tests on every Python that is supported, and the checks."""

import nox

nox.options.default_venv_backend = "venv"


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests."""
    session.install("--editable", ".[dev]")
    session.run("pytest", *session.posargs)


@nox.session
def checks(session: nox.Session) -> None:
    """Run ruff, mypy and pyright, and make the documentation."""
    session.install("--editable", ".[dev]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("pyright")
    docs = f"{session.create_tmp()}/docs"
    session.run("sphinx-build", "-q", "-W", "docs", docs)
    session.run("sphinx-build", "-q", "-W", "docs/ru", f"{docs}/ru")
