# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The files of examples/gateway/deploy, read."""

import pathlib
import re

import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = SOURCE / "examples/gateway/deploy"


def manifests():
    """{(kind, name): object} of all objects for Kubernetes"""
    found = {}
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        if path.name == "kustomization.yaml":
            continue
        for document in yaml.safe_load_all(path.read_text()):
            name = (document["kind"], document["metadata"]["name"])
            assert name not in found, f"{name} is there twice"
            found[name] = document
    return found


def pod_of(name):
    return manifests()["Deployment", name]["spec"]["template"]["spec"]


def arguments_of(name):
    """{option: value} of the arguments of a Deployment's container"""
    words = pod_of(name)["containers"][0]["args"]
    return dict(re.fullmatch(r"--([a-z-]+)=(.*)", word).groups() for word in words)


def rules(name):
    """All rules of a file of Prometheus' rules"""
    content = yaml.safe_load((DEPLOY / "prometheus" / name).read_text())
    return [rule for group in content["groups"] for rule in group["rules"]]
