"""Malformed and malicious model files for the tests of the reader."""

import io
import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression


def write_compressed(path: Path, raw: bytes) -> Path:
    """Compress a pickle as joblib does and write it."""
    path.write_bytes(zlib.compress(raw, 1))
    return path


def write_content(path: Path, saved: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write a saved model's content again after changing it."""
    content = joblib.load(saved)
    change(content)
    return write_compressed(path, pickle.dumps(content))


class _Runs:
    def __init__(self, *arguments: object, function: Callable[..., object] = os.system) -> None:
        self.function, self.arguments = function, arguments or ("touch ran",)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


class _Persistent(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        return "elsewhere" if obj == "me" else None


def _persistent() -> bytes:
    buffer = io.BytesIO()
    _Persistent(buffer).dump({"format": "me"})
    return buffer.getvalue()


def _short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


_START = b"\x80\x04"
_SYSTEM = _START + _short("posix") + _short("system") + b"\x93"
_TOUCH = _short("touch ran")
_LEGACY = pickle.dumps({"format": np.arange(3)}).replace(b"numpy", b"joblib.numpy_pickle_compat")

#: Pickles each of which does more than make plain values; the dangerous ones would make a file "ran" where they run.
ATTACKS = {
    "reduce": pickle.dumps(_Runs()),
    "reduce, protocol 0": pickle.dumps(_Runs(), 0),
    "reduce, protocol 1": pickle.dumps(_Runs(), 1),
    "reduce, protocol 2": pickle.dumps(_Runs(), 2),
    "reduce, protocol 5": pickle.dumps(_Runs(), 5),
    "reduce within the dictionary": pickle.dumps({"format": "dechaff-model", "version": 1, "metadata": _Runs()}),
    "reduce as a key": pickle.dumps({_Runs(): 1}),
    "reduce of eval": pickle.dumps(_Runs("open('ran', 'w')", function=eval)),
    "reduce of exec": pickle.dumps(_Runs("open('ran', 'w')", function=exec)),
    "reduce of another load": pickle.dumps(_Runs(pickle.dumps(_Runs()), function=pickle.loads)),
    "global": b"cos\nsystem\n(S'touch ran'\ntR.",
    "global without a call": b"cos\nsystem\n.",
    "global, behind the end of the first pickle": b"}.cos\nsystem\n(S'touch ran'\ntR.",
    "stack-global": _SYSTEM + _TOUCH + b"\x85R.",
    "stack-global, its names from the memo": (
        _START + _short("posix") + b"\x940" + _short("system") + b"\x940h\x00h\x01\x93" + _TOUCH + b"\x85R."
    ),
    "stack-global, kept in the memo": _SYSTEM + b"\x940h\x00" + _TOUCH + b"\x85R.",
    "stack-global, its memo overwritten": _START + _short("a") + b"q\x00" + _SYSTEM[2:] + b"q\x00h\x00)R.",
    "stack-global, in a frame too short": b"\x80\x04\x95\x05\0\0\0\0\0\0\0" + _SYSTEM[2:] + _TOUCH + b"\x85R.",
    "inst": b"(S'touch ran'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'touch ran'\no.",
    "newobj": _START + _short("builtins") + _short("list") + b"\x93)\x81.",
    "newobj-ex": _START + _short("builtins") + _short("dict") + b"\x93)}\x92.",
    "build": _START + _short("dechaff.linear.line_model") + _short("LineModel") + b"\x93)\x81}b.",
    "build of plain values": b"\x80\x04}}b.",
    "builtins.getattr": b"cbuiltins\ngetattr\n(cos\nX\x06\0\0\0systemtR(X\x09\0\0\0touch rantR.",
    "builtins.eval": b'cbuiltins\neval\n(S\'open("ran", "w")\'\ntR.',
    "builtins.__import__": b"cbuiltins\n__import__\n(S'this'\ntR.",
    "dotted name": _START + _short("dechaff.linear.artifact") + _short("pickle.loads") + b"\x93.",
    "a class of its own": pickle.dumps(LogisticRegression),
    "scikit-learn": pickle.dumps(LogisticRegression()),
    "numpy array": pickle.dumps({"format": np.arange(3)}),
    "numpy array, out of band": pickle.dumps(np.arange(3), protocol=5, buffer_callback=lambda _: None),
    "numpy object array": pickle.dumps(np.array([_Runs(), None], object)),
    "numpy number": pickle.dumps({"version": np.float64(1)}),
    "numpy memory map": pickle.dumps(_Runs("/etc/passwd", "u1", "r", function=np.memmap)),
    "numpy.load": pickle.dumps(_Runs("ran.npy", "r", True, function=np.load)),
    "joblib's old array": _LEGACY,
    "joblib.load": pickle.dumps(_Runs("ran.joblib", function=joblib.load)),
    "tuple": b"\x80\x04K\x01\x85.",
    "set": b"\x80\x04\x8f(K\x01\x90.",
    "frozenset": b"\x80\x04(K\x01\x91.",
    "bytearray": b"\x80\x05\x96\x01\0\0\0\0\0\0\0x.",
    "readonly buffer": b"\x80\x05\x97\x98.",
    "escaped string": b"S'\\x00'\n.",
    "long in decimal": b"L" + b"9" * 400_000 + b"L\n.",
    "float in text": b"F1e999\n.",
    "persistent id": _persistent(),
    "persistent id, protocol 0": b"Pelsewhere\n.",
    "extension code": b"\x80\x02\x82\xf0)R.",
    "extension code of two bytes": b"\x80\x02\x83\xf0\xf0)R.",
    "extension code of four bytes": b"\x80\x02\x84\xf0\xf0\0\0)R.",
}


def set_in(*keys: str, to: object) -> Callable[[dict[str, Any]], None]:
    """Return a function that sets the value at a path of keys."""

    def change(content: dict[str, Any]) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = to

    return change
