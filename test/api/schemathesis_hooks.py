"""What schemathesis has to know of our API, and one check more."""

import os

import schemathesis

# The run signs in with this token, as this principal: taking either away would leave every later answer a 401.
OWN = {"root", "admin", os.environ.get("PLUMB_ACCESSOR", "")}


@schemathesis.hook
def before_call(context, case, kwargs):
    """The parameter {path} is many segments: the slash between them is not encoded."""
    parameters = case.path_parameters
    if parameters and isinstance(parameters.get("path"), str):
        parameters["path"] = parameters["path"].replace("%2F", "/").replace("%2f", "/")


@schemathesis.hook
def filter_path_parameters(context, parameters):
    return not any(value in OWN for value in (parameters or {}).values())


@schemathesis.check
def schema_agrees(context, response, case):
    """What the published schema allows is never refused by the schema that validates."""
    mode = case.meta.generation.mode if case.meta else None
    if response.status_code != 400 or mode is None or mode.name != "POSITIVE":
        return
    detail = response.json().get("detail", "")
    assert "is not what this resource takes" not in detail, detail
    assert "not acceptable JSON" not in detail, detail
