"""The file about the identity provider, and what its claims mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph import oidc
from models.domain import Person
from models.errors import BrokenDefinition, NotAllowed

SECRET = "a secret nobody may read in a message"
GOOD = f"""
[auth]
redirect_uri = "https://anlan.example/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "anlan"
client_secret = "{SECRET}"
server_metadata_url = "https://login.example/.well-known/openid-configuration"
client_kwargs = {{ prompt = "login" }}

[anlan]
roles = {{ desk = "duty", night = "duty", pen = "signer", books = "auditor" }}
districts = {{ jianye = "320105", luhe = "320116" }}
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "oidc.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.fixture
def provider(tmp_path: Path) -> oidc.Provider:
    return oidc.load(written(tmp_path, GOOD))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BrokenDefinition, match="chmod 600"):
        oidc.load(written(tmp_path, GOOD, mode))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("https://anlan.example/oauth2callback", "http://anlan.example/oauth2callback"),
        ("https://anlan.example/oauth2callback", "https://anlan.example/"),
        ("https://login.example", "http://login.example"),
        (f'cookie_secret = "{SECRET}"', 'cookie_secret = "short"'),
        ('prompt = "login"', 'prompt = "none"'),
        ('desk = "duty"', 'desk = "king"'),
        ('client_id = "anlan"', 'client_id = ""'),
        ("[anlan]", "[anlan]\nrole = 1"),
        ("[auth]", "[auth"),
    ],
)
def test_a_wrong_file_stops_the_start_and_tells_no_secret(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in GOOD
    with pytest.raises(BrokenDefinition) as caught:
        oidc.load(written(tmp_path, GOOD.replace(right, wrong)))
    assert SECRET not in str(caught.value)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BrokenDefinition):
        oidc.load(tmp_path / "none.toml")


def test_a_group_gives_the_role_and_the_districts(provider: oidc.Provider) -> None:
    found = oidc.person_of({"sub": "7", "name": "周值班", "groups": ["desk", "night", "luhe", "jianye", "other"]}, provider)
    assert found == Person(name="oidc:7", display_name="周值班", role="duty", districts=("320105", "320116"), is_external=True)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "7"},
        {"sub": "7", "groups": []},
        {"sub": "7", "groups": ["other"]},
        {"sub": "7", "groups": ["Desk"]},
        {"sub": "7", "groups": {"desk": True}},
        {"sub": "7", "groups": [["desk"]]},
        {"sub": "7", "groups": ["desk", "pen"]},
        {"sub": "7", "groups": ["books", "luhe"]},
        {"groups": ["desk"]},
        {"sub": " ", "groups": ["desk"]},
        {"sub": 7, "groups": ["desk"]},
        {"sub": "a\nb", "groups": ["desk"]},
        {"sub": "x" * 300, "groups": ["desk"]},
    ],
)
def test_anything_else_means_no_access(provider: oidc.Provider, claims: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        oidc.person_of(claims, provider)


def test_the_account_is_named_after_the_subject_alone(provider: oidc.Provider) -> None:
    claims = {"sub": "7", "preferred_username": "admin", "email": "admin@x", "groups": "pen"}
    assert oidc.person_of(claims, provider).name == "oidc:7"


def test_the_time_of_the_credential_is_preferred_to_that_of_the_token() -> None:
    assert oidc.login_at({"auth_time": 100, "iat": 200}) == datetime.fromtimestamp(100, UTC)
    assert oidc.login_at({"iat": 200}) == datetime.fromtimestamp(200, UTC)
    assert oidc.login_at({"iat": True}) is None
    assert oidc.expires_at({}) is None
