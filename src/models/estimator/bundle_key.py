"""A key that signs bundles: whoever has not the key cannot make a bundle that is taken."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from ...errors import BundleError
from ...files.secret import read_secret

KEY = "SECONDPLAN_BUNDLE_KEY"
SHORTEST_KEY = 16


def bundle_key(key_file: str | Path | None = None) -> bytes | None:
    """The key of ``key_file``, or of the environment (``SECONDPLAN_BUNDLE_KEY``, ``..._FILE``); None: bundles unsigned.

    Raises
    ------
    BundleError
        The file cannot be read, or the key is too short to keep anybody out.
    """
    text = read_secret(KEY, key_file, error=BundleError)
    if text is not None and len(text) < SHORTEST_KEY:
        raise BundleError(f"the key for bundles must have {SHORTEST_KEY} characters or more, got {len(text)}")
    return None if text is None else text.encode()


def signature(key: bytes, manifest: bytes) -> str:
    """HMAC-SHA256 of a manifest, in hexadecimal digits."""
    return hmac.new(key, b"secondplan-bundle\0" + manifest, hashlib.sha256).hexdigest()


def require_signature(name: object, found: object, key: bytes, manifest: bytes) -> None:
    """Raise BundleError unless ``found`` is the signature; how long that takes tells nothing of it."""
    if found is None:
        raise BundleError(f"{name}: the bundle is not signed, and a key is set; save it with the key, or unset the key")
    text = found if isinstance(found, str) and found.isascii() else ""
    if not hmac.compare_digest(text, signature(key, manifest)):
        raise BundleError(f"{name}: the bundle was not signed with this key")
