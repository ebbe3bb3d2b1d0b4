# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Every object for Kubernetes has the fields and types that its API has, and the check sees it where one has not."""

import copy

import pytest

from deployed import manifests
from schema import problems

OBJECTS = manifests()


@pytest.mark.parametrize("name", OBJECTS, ids="-".join)
def test_an_object_is_what_its_kind_says(name):
    assert problems(OBJECTS[name]) == []


def container(document):
    return document["spec"]["template"]["spec"]["containers"][0]


def misspell(document):
    container(document)["readinesProbe"] = container(document).pop("readinessProbe")


def misspell_deep(document):
    container(document)["livenessProbe"]["httpGet"]["pth"] = "/healthz"


def forget(document):
    del document["spec"]["selector"]


def forget_deep(document):
    del container(document)["ports"][0]["containerPort"]


def number_for_text(document):
    container(document)["resources"]["limits"]["cpu"] = 2


def text_for_number(document):
    container(document)["livenessProbe"]["periodSeconds"] = "10"


def text_for_bool(document):
    container(document)["securityContext"]["readOnlyRootFilesystem"] = "true"


def bool_for_number(document):
    document["spec"]["minReadySeconds"] = True


def map_for_list(document):
    container(document)["args"] = {"listen": "0.0.0.0:8080"}


def list_for_port(document):
    container(document)["livenessProbe"]["httpGet"]["port"] = ["http"]


def no_name(document):
    document["metadata"]["name"] = "Waitq_Gateway"


def no_version(document):
    document["apiVersion"] = "extensions/v1beta1"


MISTAKES = [
    (misspell, "there is no field 'readinesProbe'"),
    (misspell_deep, "livenessProbe.httpGet: there is no field 'pth'"),
    (forget, "`selector`, must not be `None`"),
    (forget_deep, "`container_port`, must not be `None`"),
    (number_for_text, "limits.cpu: 2 is no str"),
    (text_for_number, "periodSeconds: '10' is no int"),
    (text_for_bool, "readOnlyRootFilesystem: 'true' is no bool"),
    (bool_for_number, "minReadySeconds: True is no int"),
    (map_for_list, "args: no list"),
    (list_for_port, "is neither a number nor a text"),
    (no_name, "is no name"),
    (no_version, "no kind extensions/v1beta1 Deployment is known"),
]


@pytest.mark.parametrize("mistake, said", MISTAKES, ids=[mistake.__name__ for mistake, _ in MISTAKES])
def test_a_mistake_is_seen(mistake, said):
    document = copy.deepcopy(OBJECTS["Deployment", "waitq-gateway"])
    mistake(document)
    found = problems(document)
    assert len(found) == 1 and said in found[0], found


def test_a_mistake_in_an_autoscaler_is_seen():
    document = copy.deepcopy(OBJECTS["HorizontalPodAutoscaler", "waitq-gateway"])
    document["spec"]["behavior"]["scaleUp"]["stabilisationWindowSeconds"] = 0
    assert problems(document) == [
        "HorizontalPodAutoscaler.spec.behavior.scaleUp: there is no field 'stabilisationWindowSeconds'"]
