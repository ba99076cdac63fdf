"""The environment, explained: every setting is one `ANLAN_…` variable, read once, with a default that works offline."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where Anlan keeps its state and which servers it talks to. Nothing here points outside the machine by default."""

    model_config = SettingsConfigDict(env_prefix="ANLAN_", extra="ignore", frozen=True, use_attribute_docstrings=True)

    home: Path = Path("var")
    """Folder of all state: ledger, embedded graph, inboxes, reports. One folder is one city."""

    ledger_url: str = ""
    """SQLAlchemy URL of the ledger. Empty means the SQLite file `ledger.db` under `home`."""

    anchors: Path | None = None
    """Folder of the anchors that say where the ledger stood; best on another disk. Empty means `anchors` under `home`."""

    keep_days: int = Field(default=0, ge=0)
    """Days after which unmasked originals are erased by the schedule (at least 30); 0 keeps them. Ledger entries are never erased."""

    graph_uri: str = ""
    """Bolt address of a Neo4j server (`neo4j://…`). Empty means the embedded engine under `home`."""

    graph_user: str = "neo4j"
    """User of the Neo4j server; unused with the embedded engine."""

    graph_password: SecretStr = SecretStr("")
    """Password of the Neo4j server; the embedded engine makes a random one at every start."""

    graph_database: str = "neo4j"
    """Database name on the Neo4j server; the embedded engine uses its own."""

    graph_heap: str = "1g"
    """Largest Java heap of the embedded engine (JVM notation)."""

    city_code: str = "320100"
    """Division code (GB/T 2260) of the city this desk works for."""

    city_name: str = "南京市"
    """Name of that city, as written in reports."""

    triage_confidence: float | None = Field(default=None, ge=0, le=1)
    """Confidence below which no category or department is proposed. Empty means the one `anlan triage train` found right 19 times in 20."""

    bureau: str = "南京市应急管理局"
    """The body that issues the reports."""

    port: int = Field(default=8501, ge=1, le=65535)
    """Loopback port of the dashboard."""

    session_idle_minutes: float = Field(default=60, gt=0)
    """Minutes without a person's doing after which a session ends; pages that refresh themselves do not count."""

    session_hours: float = Field(default=12, gt=0)
    """Hours after which a session ends whatever happens."""

    oidc_file: Path | None = None
    """TOML file that says how people sign in at the bureau's identity provider (OIDC); empty means local accounts only."""

    password_file: Path | None = None
    """File with the password of the account a command acts for, where `--password-file` is not given; a second line may hold a changing code."""

    tiles: str = ""
    """Map tiles: empty for none (the survey is the base map), `tianditu:KEY`, an address with {z}, {x}, {y} (XYZ or WMTS), or an `.mbtiles` file."""

    tiles_crs: str = Field(default="wgs84", pattern="^(wgs84|gcj02)$")
    """Coordinates the tiles are drawn in; `gcj02` ones (Amap, Tencent) are moved under the map by their offset. CGCS2000 is `wgs84`."""

    language: str = Field(default="zh", pattern="^(zh|en)$")
    """Language the dashboard starts in; each person can switch."""

    model_url: str = ""
    """OpenAI-compatible address of the language model (`http://host:8000/v1`, vLLM). Empty means that reports are drafted by rules alone."""

    model_name: str = ""
    """Model to ask for; empty means the first one the server lists."""

    model_key: SecretStr = SecretStr("")
    """Key the model server asks for, if any."""

    model_seconds: float = Field(default=240, gt=0, le=3600)
    """Longest wait for one answer of the model, in seconds; a report has five minutes in all."""

    model_tokens: int = Field(default=4096, ge=64)
    """Longest answer of the model in tokens, thinking included."""

    model_temperature: float = Field(default=0.0, ge=0, le=2)
    """Sampling temperature; DeepSeek-R1 and its distilled models want 0.6."""

    models: Path | None = None
    """Folder that holds the weights of models, one folder each. Empty means `models` under `home`."""

    vllm_python: str = ""
    """Python interpreter that has vLLM, for `anlan serve-model`. Empty means the one Anlan runs in."""

    @property
    def models_folder(self) -> Path:
        """Where the weights lie."""
        return self.models or self.home / "models"

    @cached_property
    def ledger_address(self) -> str:
        """SQLAlchemy URL actually used."""
        return self.ledger_url or f"sqlite:///{(self.home / 'ledger.db').resolve()}"

    @property
    def signing_key_file(self) -> Path:
        """What seals the signing keys of accounts an identity provider vouches for; made when first needed."""
        return self.home / "signing.key"

    @property
    def anchors_folder(self) -> Path:
        """Where the anchors lie."""
        return self.anchors or self.home / "anchors"

    def folder(self, *parts: str) -> Path:
        """A folder under `home`, made if missing, readable by this user only."""
        path = self.home.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


def current() -> Settings:
    """The settings as the environment has them now. Reading them takes a millisecond, and a page asks a thousand times: kept until a variable changes."""
    return _read(tuple(sorted(item for item in os.environ.items() if item[0].startswith("ANLAN_"))))


@lru_cache(maxsize=4)
def _read(environment: tuple[tuple[str, str], ...]) -> Settings:
    return Settings()
