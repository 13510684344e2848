"""The set's Croissant description, `croissant.json`: the metadata format of MLCommons for datasets (version 1.0).

`mlcroissant.Dataset("<set>/croissant.json").records("default")` reads the rows from it.
"""

from __future__ import annotations

import json
from typing import Any

from aig.shards.card import AUDIO_CONFIG, data_files
from aig.shards.manifest import Manifest
from aig.shards.schema import DATA

__all__ = ["croissant"]

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_MEANING = {
    "instruction": "The question.",
    "input": "What a speech recogniser heard, or empty.",
    "audio_id": "The clip: <dataset>/<clip>.",
    "dataset": "The dataset the clip is from.",
    "task": "What kind of question it is.",
    "output": "The answer.",
}


def croissant(manifest: Manifest) -> bytes:
    """The content of `croissant.json`; the same manifest gives the same bytes."""
    sources = [manifest.build.sources[name] for name in manifest.counts]
    configs = data_files(manifest)
    content = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "audio-question-answering",
        "description": f"{manifest.rows} questions and answers about audio clips, for training audio language models.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": [f"{source.title}: {source.licence}" for source in sources],
        "citeAs": "; ".join(source.paper for source in sources if source.paper),
        "version": f"{manifest.schema_version}.0.0",
        "distribution": [*_files(manifest), *_file_sets(configs)],
        "recordSet": [_records(config) for config in configs if config != AUDIO_CONFIG],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _files(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:FileObject",
            "@id": entry.path,
            "name": entry.path,
            "contentUrl": entry.path,
            "contentSize": f"{entry.bytes} B",
            "encodingFormat": "application/x-parquet",
            "sha256": entry.sha256,
        }
        for entry in manifest.files
    ]


def _file_sets(configs: dict[str, dict[str, list[str]]]) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:FileSet",
            "@id": f"files-of-{config}",
            "name": f"files-of-{config}",
            "encodingFormat": "application/x-parquet",
            "includes": [path for paths in splits.values() for path in paths],
        }
        for config, splits in configs.items()
    ]


def _records(config: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{config}/{name}",
                "name": name,
                "description": _MEANING[name],
                "dataType": "sc:Text",
                "source": {"fileSet": {"@id": f"files-of-{config}"}, "extract": {"column": name}},
            }
            for name in DATA.names
        ],
    }
