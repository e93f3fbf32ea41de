"""Starts ``tele2ats``, which is `tele2ats_async.cli`: loading the package takes a moment, in which Ctrl-C shows no traceback.

It stands beside the package, since whatever stands in it is loaded after it.
"""

import signal


def main() -> None:
    """Run the command line."""
    at_interrupt = signal.getsignal(signal.SIGINT)
    if at_interrupt is signal.default_int_handler:  # and not where whoever started it has it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tele2ats_async.cli import main as run  # noqa: PLC0415  # what takes the moment

    signal.signal(signal.SIGINT, at_interrupt)
    run()
