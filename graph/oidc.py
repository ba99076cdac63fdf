"""Who the bureau's identity provider (OIDC) says somebody is, and what that means here.

The dance with the provider is Streamlit's. Here is the file that configures it, read strictly, and the step from the claims of an
identity token to a person: an account named after the provider's `sub`, and a role from the groups. No group, no access; groups of two
roles, no access either, because a person has one role and a machine must not choose it.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from graph.people import EXTERNAL, LIMITABLE
from models.domain import Person, Role
from models.errors import BrokenDefinition, NotAllowed

CALLBACK = "/oauth2callback"
"""Where Streamlit expects the provider to send people back to."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST_NAME = 200


class Client(BaseModel):
    """Table `[auth]`: what Streamlit needs to know of the provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    redirect_uri: str
    cookie_secret: SecretStr = Field(min_length=32)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    server_metadata_url: str
    client_kwargs: dict[str, str]

    @field_validator("redirect_uri", "server_metadata_url")
    @classmethod
    def _guarded(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("must be https, except on this machine")
        return url

    @model_validator(mode="after")
    def _sound(self) -> Client:
        if not self.redirect_uri.endswith(CALLBACK):
            raise ValueError(f"redirect_uri must end in {CALLBACK}")
        if self.client_kwargs.get("prompt") != "login":
            # Without it a provider may let a signature pass on a session of this morning.
            raise ValueError('client_kwargs must hold prompt = "login"')
        return self


class Mapped(BaseModel):
    """Table `[anlan]`: what a group means here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups_claim: str = "groups"
    roles: dict[str, Role] = Field(min_length=1)
    districts: dict[str, str] = {}
    end_with_token: bool = False


class Provider(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    auth: Client
    anlan: Mapped

    @property
    def host(self) -> str:
        """Name under which browsers reach the dashboard."""
        return urlsplit(self.auth.redirect_uri).hostname or ""


def load(path: Path) -> Provider:
    """The provider a file describes. BrokenDefinition when it is missing, readable by others, or wrong; secrets are never repeated."""
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise BrokenDefinition(f"{path} 含有密钥，却可被其他用户读取：请 chmod 600 {path}")
        return Provider.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BrokenDefinition(f"统一身份认证的配置文件 {path} 读不出：{error.__class__.__name__}") from error
    except ValidationError as error:
        wrong = "；".join(f"{'.'.join(str(part) for part in each['loc'])}：{each['msg']}" for each in error.errors(include_input=False))
        raise BrokenDefinition(f"统一身份认证的配置文件 {path} 有误：{wrong}") from error


def person_of(claims: Mapping[str, Any], provider: Provider) -> Person:
    """The person of an identity token's claims. NotAllowed when its groups mean no role here, or two."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.strip() or len(subject) > LONGEST_NAME or not subject.isprintable():
        raise NotAllowed("统一身份认证没有给出可用的身份标识（sub）。")
    said = claims.get(provider.anlan.groups_claim)
    groups = [said] if isinstance(said, str) else [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
    roles = {provider.anlan.roles[group] for group in groups if group in provider.anlan.roles}
    if len(roles) != 1:
        raise NotAllowed(
            "您的组没有对应本系统的角色，不能进入；请联系管理员。"
            if not roles
            else "您的组对应多个角色，不能进入；请联系管理员只保留一个。"
        )
    role = roles.pop()
    districts = tuple(sorted({provider.anlan.districts[group] for group in groups if group in provider.anlan.districts}))
    if districts and role not in LIMITABLE:
        raise NotAllowed(f"{role} 不能限于区县，您的组却这样规定；请联系管理员。")
    shown = next((name for key in ("name", "preferred_username") if isinstance(name := claims.get(key), str) and name.strip()), subject)
    return Person(name=EXTERNAL + subject, display_name=shown.strip()[:LONGEST_NAME], role=role, districts=districts, is_external=True)


def login_at(claims: Mapping[str, Any]) -> datetime | None:
    """When the person last gave a credential: `auth_time` where the provider says it, else when the token was made; null without either."""
    for key in ("auth_time", "iat"):
        moment = claims.get(key)
        if isinstance(moment, int | float) and not isinstance(moment, bool):
            return datetime.fromtimestamp(moment, UTC)
    return None


def expires_at(claims: Mapping[str, Any]) -> datetime | None:
    """When the identity token ends; null when it does not say."""
    moment = claims.get("exp")
    return datetime.fromtimestamp(moment, UTC) if isinstance(moment, int | float) and not isinstance(moment, bool) else None
