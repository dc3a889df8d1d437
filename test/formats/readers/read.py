"""Reads files as the libraries of Python do: arguments are kind:path, the answer is a line of JSON for each, an object of
names and texts, or null for a file that is refused."""

import configparser
import csv
import json
import sys
import tomllib

import yaml


class Refused(Exception):
    pass


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, bytes):
        raise Refused("no text")
    return value if isinstance(value, str) else str(value)


def flat(value, separator, prefix=""):
    if isinstance(value, dict):
        members = [(text(name), member) for name, member in value.items()]
    elif isinstance(value, list) and separator == "__":
        members = [(str(index), member) for index, member in enumerate(value)]
    elif isinstance(value, list) or prefix == "":
        raise Refused("no names")
    else:
        return {prefix[: -len(separator)]: text(value)}
    found = {}
    for name, member in members:
        found.update(flat(member, separator, prefix + name + separator))
    return found


def content(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def ini(path):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    found = {f"{section}.{name}": value for section in parser.sections() for name, value in parser.items(section)}
    return found | {f"DEFAULT.{name}": value for name, value in parser.defaults().items()}


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    if rows and rows[0] != ["name", "value"] or any(len(row) != 2 for row in rows):
        raise Refused("rows")
    return dict(rows[1:])


readers = {
    "configparser": ini,
    "csv": table,
    "json": lambda path: flat(json.loads(content(path)), "."),
    "json-keys": lambda path: flat(json.loads(content(path)), "__"),
    "tomllib": lambda path: flat(tomllib.loads(content(path)), "."),
    "pyyaml": lambda path: flat(yaml.safe_load(content(path)) or {}, "."),
}

for argument in sys.argv[1:]:
    kind, path = argument.split(":", 1)
    try:
        print(json.dumps(readers[kind](path)))
    except (Refused, ValueError, RecursionError, csv.Error, configparser.Error, yaml.YAMLError):
        print("null")
