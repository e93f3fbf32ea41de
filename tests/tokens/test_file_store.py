import asyncio
import os
import stat
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from raw_service import PAIR

from tele2ats_async import FileTokenStore, TokenPair, TokenStoreError, disk
from tele2ats_async.tokens import file as file_module

pytestmark = pytest.mark.asyncio

NEWER = TokenPair("access-secret-2", "refresh-secret-2")
# A file of this name can be read and locked, but its temporary twin's name is too long for the disk:
# a write that fails for whoever runs the tests, root too.
UNWRITABLE = "t" * 250

HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def _write_pair(path: Path, pair: TokenPair = PAIR, mode: int = 0o600) -> Path:
    return _write(path, orjson.dumps({"accessToken": pair.access, "refreshToken": pair.refresh}), mode)


def _entries(directory: Path) -> list[Path]:
    return [*directory.iterdir()]


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@asynccontextmanager
async def _held_by_another_process(lock_path: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLDER,
        lock_path,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"held\n" == await process.stdout.readline()
    try:
        yield process
    finally:
        await process.communicate(b"\n")


async def test_saves_and_loads(tmp_path: Path) -> None:
    """In the form in which the service issues the pair; nothing else is left in the directory."""
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path)
    await store.save(PAIR)

    assert {"accessToken": PAIR.access, "refreshToken": PAIR.refresh} == orjson.loads(path.read_bytes())
    assert PAIR == await store.load()
    assert PAIR == await FileTokenStore(str(path)).load()
    assert [path] == _entries(tmp_path)


async def test_reads_what_a_person_wrote(tmp_path: Path) -> None:
    """Line breaks, other members and another order are no trouble."""
    text = (
        f'\n{{\n  "refreshToken": "{PAIR.refresh}",\n  "note": 1,\n  "accessToken": "{PAIR.access}"\n}}\n\n'
    )

    assert PAIR == await FileTokenStore(_write(tmp_path / "tokens.json", text.encode())).load()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_only_the_owner_can_read(tmp_path: Path, umask: int) -> None:
    """Mode 0600 whatever the umask, and also where the file had another mode before."""
    path = _write_pair(tmp_path / "tokens.json", mode=0o640)
    before = os.umask(umask)
    try:
        await FileTokenStore(path).save(NEWER)
        async with FileTokenStore(path).lock():
            modes = {entry.name: _mode(entry) for entry in _entries(tmp_path)}
    finally:
        os.umask(before)

    assert {"tokens.json": 0o600, "tokens.json.lock": 0o600} == modes


async def test_save_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When `save()` returns, the file and its name have been flushed: a power failure loses no pair."""
    flushed: list[bool] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        flushed.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    await FileTokenStore(tmp_path / "tokens.json").save(PAIR)

    assert [False, True] == flushed


async def test_failed_write_keeps_the_old_pair(tmp_path: Path) -> None:
    """A lost pair locks the whole company out: the old file stays byte for byte, and nothing else is left."""
    path = _write_pair(tmp_path / UNWRITABLE)
    content = path.read_bytes()
    with pytest.raises(TokenStoreError, match="cannot be written: File name too long") as caught:
        await FileTokenStore(path).save(NEWER)

    assert str(path) == caught.value.store
    assert content == path.read_bytes()
    assert [path] == _entries(tmp_path)


async def test_write_where_no_file_can_be(tmp_path: Path) -> None:
    """The path, and what the system said."""
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "tokens.json"
    with pytest.raises(TokenStoreError, match="cannot be written: Not a directory") as caught:
        await FileTokenStore(path).save(PAIR)

    assert str(path) == caught.value.store


async def test_links_are_kept(tmp_path: Path) -> None:
    """A link (into a secrets volume, say) stays one; its target gets the new pair."""
    (tmp_path / "volume").mkdir()
    target = _write_pair(tmp_path / "volume" / "real.json")
    link = tmp_path / "tokens.json"
    link.symlink_to(target)
    store = FileTokenStore(link)
    await store.save(NEWER)

    assert link.is_symlink()
    assert (NEWER, NEWER) == (await store.load(), await FileTokenStore(target).load())
    assert [target] == _entries(target.parent)


async def test_two_ways_to_one_file_share_one_lock(tmp_path: Path) -> None:
    """By a link and by its own name: both lock the same."""
    target = _write_pair(tmp_path / "real.json")
    link = tmp_path / "tokens.json"
    link.symlink_to(target)
    async with FileTokenStore(link).lock():
        assert (tmp_path / "real.json.lock").exists()
        assert not (tmp_path / "tokens.json.lock").exists()


async def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The first thing that every newcomer meets."""
    path = tmp_path / "tokens.json"
    with pytest.raises(TokenStoreError) as caught:
        await FileTokenStore(path).load()

    assert str(path) == caught.value.store
    for part in (str(path), "does not exist", '{"accessToken": "…", "refreshToken": "…"}', "0600"):
        assert part in str(caught.value)


async def test_initial_pair_is_written_only_where_there_is_none(tmp_path: Path) -> None:
    """The pair of the environment begins the file; afterwards the file knows better."""
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path, initial=PAIR)
    assert PAIR == await store.load()
    assert 0o600 == _mode(path)
    await store.save(NEWER)
    assert NEWER == await FileTokenStore(path, initial=PAIR).load()


async def test_initial_pair_does_not_overwrite_what_another_process_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found no file; the other one began it, and has refreshed, before ours came to write."""
    path = tmp_path / "tokens.json"
    newer = TokenPair("newer-access", "newer-refresh")
    begin = FileTokenStore._begin

    async def begin_late(store: FileTokenStore) -> None:
        await FileTokenStore(path).save(newer)
        await begin(store)

    monkeypatch.setattr(FileTokenStore, "_begin", begin_late)

    assert newer == await FileTokenStore(path, initial=PAIR).load()
    assert [path] == _entries(tmp_path)


async def test_initial_pair_survives_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is forgotten only once it stands in the file."""
    store = FileTokenStore(tmp_path / "tokens.json", initial=PAIR)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(disk.AtomicFile, "commit", fail)
        with pytest.raises(TokenStoreError, match="No space left on device"):
            await store.load()

    assert PAIR == await store.load()


async def test_unreadable_file(tmp_path: Path) -> None:
    """Something is there that cannot be read: no pair is begun over it."""
    with pytest.raises(TokenStoreError, match="cannot be read: Is a directory") as caught:
        await FileTokenStore(tmp_path, initial=PAIR).load()

    assert str(tmp_path) == caught.value.store


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_file_of_somebody_else(tmp_path: Path) -> None:
    """As a service finds it that runs under another user."""
    path = _write_pair(tmp_path / "tokens.json", mode=0o000)
    with pytest.raises(TokenStoreError, match="cannot be read: Permission denied"):
        await FileTokenStore(path).load()


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666])
async def test_world_readable_file_is_refused(tmp_path: Path, mode: int) -> None:
    """Rule 7: the tokens are no longer a secret; the text has the command that helps."""
    path = _write_pair(tmp_path / "tokens.json", mode=mode)
    with pytest.raises(TokenStoreError) as caught:
        await FileTokenStore(path).load()

    assert f"chmod 600 {path}" in str(caught.value)
    assert f"{mode:04o}" in str(caught.value)
    path.chmod(0o640)
    assert PAIR == await FileTokenStore(path).load()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"secret",
        b'{"accessToken": "secret", "refreshToken": "secr',
        b'{"accessToken": "secret"}',
        b'{"accessToken": "secret", "refreshToken": ""}',
        b'{"accessToken": "secret", "refreshToken": null}',
        b'{"accessToken": "secret", "refreshToken": 5}',
        b'{"accessToken": "secret", "refreshToken": "sec\\nret"}',
        b'{"access_token": "secret", "refresh_token": "secret"}',
        b'["secret", "secret"]',
        b'\xef\xbb\xbf{"accessToken": "secret", "refreshToken": "secret"}',
        b"\xff\xfes\x00e\x00",
        b"null",
    ],
    ids=range(13),
)
async def test_malformed_file(tmp_path: Path, content: bytes) -> None:
    """The path and the form that it must have; what stands in it is never shown, nor kept behind."""
    path = _write(tmp_path / "tokens.json", content)
    with pytest.raises(TokenStoreError) as caught:
        await FileTokenStore(path).load()

    assert str(path) == caught.value.store
    assert "is malformed (" in str(caught.value)
    assert '{"accessToken": "…", "refreshToken": "…"}' in str(caught.value)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "secret" not in repr(caught.value.__context__) + repr(vars(caught.value))
    assert content == path.read_bytes()


async def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    """While one process saves again and again, another always reads a whole pair."""
    path = tmp_path / "tokens.json"
    store, reader = FileTokenStore(path, initial=PAIR), FileTokenStore(path)
    await store.load()
    pairs = [TokenPair("a" * 2000, str(number)) for number in range(20)]

    async def save() -> None:
        for pair in pairs:
            await store.save(pair)

    saving = asyncio.create_task(save())
    while not saving.done():
        assert await reader.load() in [PAIR, *pairs]
    await saving
    assert pairs[-1] == await reader.load()


async def test_leftovers_of_killed_processes_are_removed(tmp_path: Path) -> None:
    """They hold tokens: the next save removes them, but nothing that may still be in the making."""
    path = tmp_path / "tokens[1].json"
    old, young, other = (
        tmp_path / f".{name}.part" for name in ("tokens[1].json.a", "tokens[1].json.b", "tokens1.json.c")
    )
    for part in (old, young, other):
        part.write_bytes(b"{}")
    for part in (old, other):
        os.utime(part, (1, 1))
    await FileTokenStore(path).save(PAIR)

    assert sorted([young, other, path]) == sorted(_entries(tmp_path))


async def test_cancelled_save_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """The program may be stopped in the middle of the write: a pair is there, and nothing torn."""
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path, initial=PAIR)
    await store.load()
    for _ in range(5):
        saving = asyncio.create_task(store.save(NEWER))
        await asyncio.sleep(0)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
        assert await store.load() in (PAIR, NEWER)
        assert [path] == _entries(tmp_path)


async def test_lock_keeps_sessions_of_this_process_out(tmp_path: Path) -> None:
    """Each with a store of its own on the same file."""
    inside = 0

    async def enter() -> None:
        nonlocal inside
        async with FileTokenStore(tmp_path / "tokens.json").lock():
            inside += 1
            assert 1 == inside
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(4)))


async def test_lock_waits_for_another_process(tmp_path: Path) -> None:
    """A real process holds it; when it lets go, we go on."""
    store = FileTokenStore(tmp_path / "tokens.json")

    async def enter() -> None:
        async with store.lock():
            pass

    async with _held_by_another_process(str(tmp_path / "tokens.json.lock")):
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 10)


async def test_lock_that_is_never_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that hangs: we say which file it holds instead of waiting for ever."""
    monkeypatch.setattr(file_module, "_LOCK_TIMEOUT_S", 0.05)
    store = FileTokenStore(tmp_path / "tokens.json")
    async with _held_by_another_process(str(tmp_path / "tokens.json.lock")):
        with pytest.raises(TokenStoreError, match=r"another process holds .*tokens\.json\.lock"):
            async with store.lock():
                pass
    async with store.lock():
        pass


async def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """A lock file that is left lying there locks nobody out."""
    async with _held_by_another_process(str(tmp_path / "tokens.json.lock")) as process:
        process.kill()
        await process.wait()
    async with asyncio.timeout(10), FileTokenStore(tmp_path / "tokens.json").lock():
        pass


async def test_cancelled_waiter_does_not_keep_the_lock(tmp_path: Path) -> None:
    """Who gave up waiting must not get the lock later and hold it for ever."""
    store = FileTokenStore(tmp_path / "tokens.json")

    async def enter() -> None:
        async with store.lock():
            pass

    async with store.lock():
        waiting = asyncio.create_task(enter())
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(5), store.lock():
        pass


async def test_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    """A failed refresh must not lock the next one out."""
    store = FileTokenStore(tmp_path / "tokens.json")
    with pytest.raises(ZeroDivisionError):
        async with store.lock():
            raise ZeroDivisionError
    async with asyncio.timeout(5), store.lock():
        pass


async def test_lock_file_that_cannot_be_made(tmp_path: Path) -> None:
    """The path and what the system said, as for every trouble of the store."""
    (tmp_path / "file").touch()
    with pytest.raises(TokenStoreError, match="cannot make"):
        async with FileTokenStore(tmp_path / "file" / "tokens.json").lock():
            pass


async def test_repr_shows_the_path_and_no_token(tmp_path: Path) -> None:
    """Rule 7."""
    shown = repr(FileTokenStore(tmp_path / "tokens.json", initial=PAIR))

    assert "tokens.json" in shown
    assert PAIR.access not in shown
    assert PAIR.refresh not in shown
