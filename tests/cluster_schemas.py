"""Strict schemas: those of three Kubernetes versions, and our own for what operators add."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import kubernetes_validate
import yaml

if TYPE_CHECKING:
    from tests.cluster import Document, Documents

VERSIONS = ("1.31", "1.34", "1.37")
INVALID = (kubernetes_validate.ValidationError, jsonschema.ValidationError)


def fit(documents: Documents, version: str) -> None:
    """Hold documents to their schemas.

    Raises:
        One of INVALID: a document does not fit, or is of a kind that nobody knows.
    """
    for document in documents:
        if f"{document['apiVersion']} {document['kind']}" in own()["kinds"]:
            _fit_own(document)
        else:
            kubernetes_validate.validate(document, version, strict=True)


@functools.cache
def own() -> Document:
    text = (Path(__file__).parent / "deploy" / "custom_resources.yaml").read_text()
    schemas: Document = _strict(yaml.safe_load(text))
    return schemas


def _fit_own(document: Document) -> None:
    schemas = own()
    whole = {
        "$defs": schemas["$defs"],
        "type": "object",
        "required": ["metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"$ref": "#/$defs/metadata"},
            "spec": schemas["kinds"][f"{document['apiVersion']} {document['kind']}"],
        },
    }
    jsonschema.Draft202012Validator(whole).validate(document)


def _strict(schema: Any) -> Any:
    """The same schema, in which nothing may stand that is not named."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        strict.setdefault("additionalProperties", False)
    return strict
