"""What a model bundle says about itself, as far as the wire needs it.

A bundle is one zip file with a `manifest.json`. Both sides can check that the content is what the manifest names
without loading any of it; whether the model is any good is for the device's self-test to say.
"""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from contract.errors import ManifestError
from contract.ids import Sha256
from contract.values import ModelKind

SCHEMA = 1
MEMBER = "manifest.json"
SUFFIX = ".kubeddr"
MAX_MANIFEST = 64 << 10  # bytes
MAX_MEMBER = 16 << 20
MAX_MEMBERS = 16
MAX_BUNDLE = 32 << 20


class FileEntry(BaseModel):
    """One member of a bundle as the manifest declares it; `size` in bytes."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    size: Annotated[int, Field(ge=0, le=MAX_MEMBER)]
    sha256: Sha256


class Manifest(BaseModel):
    """The head of a bundle. What only the running of it needs is ignored here.

    Attributes:
        files: every member of the zip but the manifest itself.
        settings: what the code that runs the networks has to know, and how good they were found to be.
        created_from: where the model comes from, such as `data` and `code`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore", validate_by_name=True)

    kind: ModelKind
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$")]
    schema_version: Annotated[int, Field(alias="schema", ge=1)]
    files: Annotated[dict[str, FileEntry], Field(min_length=1, max_length=MAX_MEMBERS)]
    settings: dict[str, JsonValue] = {}
    created_from: dict[str, str] = {}


def parse(data: bytes) -> Manifest:
    """Read the bytes of a manifest.json.

    Raises:
        ManifestError: it is not one, or is of a kind or schema that is not known here.
    """
    if len(data) > MAX_MANIFEST:
        raise ManifestError(f"{MEMBER} has {len(data)} bytes, allowed {MAX_MANIFEST}")
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:120] or "content"
        raise ManifestError(f"bad {MEMBER}: {place}: {first['msg'][:200]}") from None
    if manifest.kind is ModelKind.UNKNOWN:
        raise ManifestError(f"bad {MEMBER}: kind: neither reader nor winner")
    if manifest.schema_version > SCHEMA:
        raise ManifestError(f"bundle schema {manifest.schema_version} is newer than {SCHEMA}, the newest known here")
    return manifest
