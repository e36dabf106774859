"""Secrets come from the environment or a file, and are in no message."""

import pytest

from secondplan.errors import InputError
from secondplan.files.secret import holds_password, read_secret


def test_a_file_goes_before_the_environment(tmp_path, monkeypatch):
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("from file\n")
    other.write_text("from other file\r\n")
    assert read_secret("KEY") is None
    monkeypatch.setenv("KEY_FILE", str(other))
    assert read_secret("KEY") == "from other file"
    monkeypatch.setenv("KEY", "from environment")
    assert read_secret("KEY") == "from environment"
    assert read_secret("KEY", file) == "from file"


@pytest.mark.parametrize("content", [b"", b"\n", b"hush\nhush", b"\xff\xfe", b"x" * 5000, b"a\0b"])
def test_a_file_that_holds_no_secret_is_refused_without_its_content(tmp_path, content):
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(InputError, match="must hold a secret") as error:
        read_secret("KEY", tmp_path / "secret")
    assert "hush" not in str(error.value)
    with pytest.raises(InputError, match="is no file"):
        read_secret("KEY", tmp_path)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("postgresql://me:pw@host/db", True),
        ("postgresql://me@host/db?password=pw", True),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3Dpw", True),
        ("postgresql://me@host:5432/db", False),
        ("C:/data/night.csv", False),
        ("/data/a:b@c", False),
    ],
)
def test_passwords_in_addresses_are_found(text, is_one):
    assert holds_password(text) == is_one
