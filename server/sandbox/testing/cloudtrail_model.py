"""Holds what went over the wire for LookupEvents against AWS's own model of CloudTrail, as botocore carries it.

stdin: {"requests": [{"headers", "body", "params"}], "responses": [{"status", "headers", "body"}]}
stdout: a JSON list of sentences, one for each deviation.
"""

import json
import sys

import botocore.session
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

session = botocore.session.get_session()
model = ServiceModel(session.get_component("data_loader").load_service_model("cloudtrail", "service-2"))
operation = model.operation_model("LookupEvents")
found = []


def shaped(value, shape, where):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return found.append(f"{where} is no structure")
        for name, inner in value.items():
            if name not in shape.members:
                found.append(f"{where}.{name} is not in the model")
            else:
                shaped(inner, shape.members[name], f"{where}.{name}")
        for name in shape.required_members:
            if name not in value:
                found.append(f"{where}.{name} is missing")
    elif kind == "list":
        for at, inner in enumerate(value):
            shaped(inner, shape.member, f"{where}[{at}]")
    elif kind == "timestamp":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found.append(f"{where} is no number of seconds")
    elif kind == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            found.append(f"{where} is no integer")
    elif not isinstance(value, str):
        found.append(f"{where} is no string")
    elif shape.enum and value not in shape.enum:
        found.append(f"{where} is none of {shape.enum}")


given = json.load(sys.stdin)
for request in given["requests"]:
    body = json.loads(request["body"])
    shaped(body, operation.input_shape, "input")
    ours = create_serializer("json", include_validation=True).serialize_to_request(body, operation)
    for name in ("X-Amz-Target", "Content-Type"):
        if request["headers"].get(name.lower()) != ours["headers"][name]:
            found.append(f"{name} is {request['headers'].get(name.lower())}, not {ours['headers'][name]}")
    if json.loads(ours["body"]) != body:
        found.append("the body is not what botocore would send")

errors = {shape.error_code for shape in operation.error_shapes}
common = {
    "ThrottlingException",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidSignatureException",
}
for response in given["responses"]:
    parsed = create_parser("json").parse(
        {"status_code": response["status"], "headers": response["headers"], "body": response["body"].encode()},
        operation.output_shape,
    )
    if response["status"] == 200:
        shaped(json.loads(response["body"]), operation.output_shape, "output")
        if "Events" not in parsed:
            found.append("botocore finds no events")
    elif parsed["Error"]["Code"] not in errors | common:
        found.append(f"{parsed['Error']['Code']} is no error of this operation")
    if not parsed["ResponseMetadata"].get("RequestId"):
        found.append("botocore finds no request id")
json.dump(found, sys.stdout)
