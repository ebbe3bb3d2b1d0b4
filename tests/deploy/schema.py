# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Objects of Kubernetes, held against the models that its Python client was made with from the OpenAPI of its API server."""

import re

import kubernetes.client

# What autoscaling/v2 says is what v2beta2 said; the client is of the version before the change of name.
KINDS = {
    ("apps/v1", "Deployment"): "V1Deployment",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "V2beta2HorizontalPodAutoscaler",
    ("networking.k8s.io/v1", "Ingress"): "V1Ingress",
    ("networking.k8s.io/v1", "NetworkPolicy"): "V1NetworkPolicy",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
    ("v1", "ConfigMap"): "V1ConfigMap",
    ("v1", "Namespace"): "V1Namespace",
    ("v1", "Service"): "V1Service",
    ("v1", "ServiceAccount"): "V1ServiceAccount",
}
SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float)}
# The models call these "object"; they are a number or a text.
NUMBERS_OR_TEXTS = {"port", "targetPort", "maxSurge", "maxUnavailable", "minAvailable"}
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def problems(document):
    """What is wrong with an object, as texts; none where nothing is"""
    model = KINDS.get((document.get("apiVersion"), document.get("kind")))
    if model is None:
        return [f"no kind {document.get('apiVersion')} {document.get('kind')} is known"]
    found = _check(document, model, document["kind"])
    name = document.get("metadata", {}).get("name", "")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        found.append(f"{document['kind']}.metadata.name: {name!r} is no name")
    return found


def _check(value, type_name, where):
    of_list = re.fullmatch(r"list\[(.*)\]", type_name)
    of_dict = re.fullmatch(r"dict\(str, (.*)\)", type_name)
    if of_list:
        return _each(enumerate(value), of_list[1], where) if isinstance(value, list) else [f"{where}: no list"]
    if of_dict:
        return _each(value.items(), of_dict[1], where) if isinstance(value, dict) else [f"{where}: no map"]
    if type_name in SCALARS:
        is_bool = isinstance(value, bool) and type_name != "bool"
        return [f"{where}: {value!r} is no {type_name}"] if is_bool or not isinstance(value, SCALARS[type_name]) else []
    if type_name == "object":
        is_wrong = where.rpartition(".")[2] in NUMBERS_OR_TEXTS and (
            isinstance(value, bool) or not isinstance(value, (int, str)))
        return [f"{where}: {value!r} is neither a number nor a text"] if is_wrong else []
    return _check_model(value, getattr(kubernetes.client, type_name), where)


def _each(items, type_name, where):
    return [problem for key, value in items for problem in _check(value, type_name, f"{where}.{key}")]


def _check_model(value, model, where):
    if not isinstance(value, dict):
        return [f"{where}: no map"]
    fields = {name: (attribute, model.openapi_types[attribute]) for attribute, name in model.attribute_map.items()}
    found = [f"{where}: there is no field {name!r}" for name in value if name not in fields]
    known = {name: item for name, item in value.items() if name in fields}
    for name, item in known.items():
        found += _check(item, fields[name][1], f"{where}.{name}")
    try:
        model(**{fields[name][0]: item for name, item in known.items()})
    except ValueError as missing:
        found.append(f"{where}: {missing}")
    return found
