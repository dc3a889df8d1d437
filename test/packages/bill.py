"""Holds a bill of materials on standard input to the schema of CycloneDX 1.6; ends with 1 and says why if it does not keep to it."""
import importlib.util
import json
import pathlib
import sys

import jsonschema_rs

places = importlib.util.find_spec("cyclonedx").submodule_search_locations
folder = pathlib.Path(places[0]) / "schema" / "_res"
names = ["bom-1.6", "spdx", "jsf-0.82"]
schemas = {name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text()) for name in names}
base = schemas["bom-1.6"]["$id"].rsplit("/", 1)[0]
registry = jsonschema_rs.Registry([(f"{base}/{name}.SNAPSHOT.schema.json", schema) for name, schema in schemas.items()])
validator = jsonschema_rs.validator_for(schemas["bom-1.6"], registry=registry)
faults = [f"{list(fault.instance_path)}: {fault.message[:300]}" for fault in validator.iter_errors(json.load(sys.stdin))]
sys.exit("\n".join(faults[:20]) if faults else 0)
