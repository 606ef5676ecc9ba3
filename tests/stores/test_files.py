"""One suite over every file store: folders by the digest of their content."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from grundstein.core.errors import Refused
from grundstein.stores.files import FolderFiles, folder_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grundstein.core.ports import FileStore

STORES: dict[str, Callable[[Path], FileStore]] = {"folder": FolderFiles}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return STORES[request.param](tmp_path / "files")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "trees").mkdir(parents=True)
    (folder / "model.json").write_text("{}", encoding="utf-8")
    (folder / "trees" / "one.npz").write_bytes(bytes(1000))
    return folder


def test_a_kept_folder_comes_back_as_it_was(store: FileStore, model: Path) -> None:
    kept = store.folder(store.keep(model))
    assert (kept / "model.json").read_text(encoding="utf-8") == "{}"
    assert (kept / "trees" / "one.npz").read_bytes() == bytes(1000)
    assert kept != model


def test_the_same_content_has_one_digest_and_is_kept_once(store: FileStore, model: Path, tmp_path: Path) -> None:
    first = store.keep(model)
    other = model.rename(tmp_path / "elsewhere")
    assert store.keep(other) == first
    assert [path.name for path in store.folder(first).parent.iterdir()] == [first]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "model.json").write_text("{ }", encoding="utf-8"),
        lambda folder: (folder / "model.json").rename(folder / "modell.json"),
        lambda folder: (folder / "more").write_bytes(b""),
        lambda folder: (folder / "trees" / "one.npz").unlink(),
        lambda folder: (folder / "trees" / "one.npz").rename(folder / "one.npz"),
    ],
)
def test_any_change_gives_another_digest_and_is_refused_when_kept(
    store: FileStore, model: Path, change: Callable[[Path], object]
) -> None:
    digest = store.keep(model)
    change(model)
    assert folder_digest(model) != digest
    change(store.folder(digest))
    with pytest.raises(Refused, match="no longer those that were kept"):
        store.folder(digest)


def test_keeping_again_mends_what_was_changed(store: FileStore, model: Path) -> None:
    digest = store.keep(model)
    (store.folder(digest) / "model.json").unlink()
    assert store.keep(model) == digest
    assert folder_digest(store.folder(digest)) == digest
    assert [path.name for path in store.folder(digest).parent.iterdir()] == [digest]


@pytest.mark.parametrize("digest", ["0" * 64, "", "..", "../model"])
def test_what_is_not_kept_is_refused(store: FileStore, model: Path, digest: str) -> None:
    with pytest.raises(Refused, match="not kept here"):
        store.folder(digest)


def test_a_file_instead_of_a_folder_is_refused(store: FileStore, model: Path) -> None:
    with pytest.raises(Refused, match="is no folder"):
        store.keep(model / "model.json")


def test_a_copy_that_broke_off_is_never_seen(store: FileStore, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(source: Path, target: Path) -> None:
        target.mkdir(parents=True)
        (target / "model.json").write_text("{", encoding="utf-8")
        raise KeyboardInterrupt

    digest = folder_digest(model)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copytree", stop)
        with pytest.raises(KeyboardInterrupt):
            store.keep(model)
    with pytest.raises(Refused):
        store.folder(digest)
    assert store.keep(model) == digest


def test_two_keepers_at_once_keep_one_whole_folder(store: FileStore, model: Path) -> None:
    start = threading.Barrier(4)
    digests: list[str] = []

    def keep() -> None:
        start.wait()
        digests.append(store.keep(model))

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(digests)) == 1
    assert len(digests) == 4
    assert list(store.folder(digests[0]).parent.iterdir()) == [store.folder(digests[0])]
