# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The Dockerfile, without an engine that would carry it out: what has to be so in any case, that all that is compiled is in what it
copies, and that the packages it takes files from are those that the programs need."""

import os
import pathlib
import re
import subprocess

import pytest

import dockerfile
from deployed import DEPLOY, SOURCE, pod_of
from processes import BACKEND, GATEWAY

TEXT = (DEPLOY / "Dockerfile").read_text()
STAGES = dockerfile.parse(TEXT)
IMAGES = {"gateway": GATEWAY, "backend": BACKEND}


def run(*command, **more):
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True, **more).stdout


def packages_in(stage):
    """What a stage installs, or takes files from"""
    command = " ".join(STAGES[stage].all("RUN"))
    for name, value in STAGES[stage].arguments().items():
        command = command.replace("${%s}" % name, value)
    named = re.findall(r"apt-get (?:install|download)((?: [\w.+-]+)+)", re.sub(r"\s+", " ", command))
    return {word for words in named for word in words.split() if not word.startswith("-")}


def packages_of(paths):
    """Whose files these are: Debian's packages name files by the folders of before /usr was merged, or by those of after it"""
    real = {os.path.realpath(path) for path in paths}
    both = real | {path.removeprefix("/usr") for path in real}
    found = subprocess.run(["dpkg", "-S", *sorted(both)], capture_output=True, text=True, check=False).stdout
    owners = dict(line.rsplit(": ", 1)[::-1] for line in found.splitlines())
    return {owners.get(path, owners.get(path.removeprefix("/usr"), f"nobody's {path}")).split(":")[0] for path in real}


def packages_needed_by(program):
    libraries = re.findall(r"(/\S+) \(0x", run("ldd", program))
    assert libraries, program
    return packages_of(libraries)


def test_bases_have_a_version_and_the_images_have_none():
    base = re.search(r"^ARG BASE=(\S+)$", TEXT, re.M)[1]
    name, _, tag = base.partition(":")
    assert (name, tag) == ("debian", "12-slim")
    assert {stage: STAGES[stage].base for stage in STAGES} == {"build": base, "files": base, "backend": "scratch",
                                                               "gateway": "scratch"}
    assert list(STAGES)[-1] == "gateway"  # what a build without --target makes


def test_nothing_is_fetched_from_anywhere_but_packages():
    for stage in STAGES.values():
        assert stage.all("ADD") == []
        assert not any(re.search(r"\b(curl|wget|git)\b", command) for command in stage.all("RUN"))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_one_program_without_a_shell_and_as_nobody_s_user(name):
    stage = STAGES[name]
    program, = dockerfile.exec_form(stage.last("ENTRYPOINT"))
    copied = {words.split()[-1] for words in stage.all("COPY")}
    assert copied == {"/", program}
    assert stage.all("RUN") == []
    user = stage.last("USER")
    assert re.fullmatch(r"\d+:\d+", user)
    context = pod_of("waitq-" + name)["securityContext"]
    assert user == f"{context['runAsUser']}:{context['runAsGroup']}" and context["runAsUser"] > 0


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_says_what_it_is(name):
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', STAGES[name].last("LABEL")))
    version = re.search(r"project\(waitq VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]
    assert labels["version"] == version and labels["licenses"] == "MIT" and labels["title"] == "waitq-" + name
    container = pod_of("waitq-" + name)["containers"][0]
    assert container["image"] == f"waitq-{name}:{version}"
    assert [int(port) for port in STAGES[name].all("EXPOSE")] == [port["containerPort"] for port in container["ports"]]


@pytest.mark.parametrize("name", IMAGES)
def test_the_command_of_an_image_is_one_that_its_program_takes(name):
    words = dockerfile.exec_form(STAGES[name].last("CMD")) if STAGES[name].all("CMD") else []
    known = run(IMAGES[name], "--help")
    assert all(f"  {word} " in known for word in words if word.startswith("--"))


def test_the_images_have_the_files_of_the_packages_that_the_programs_need_and_of_no_others():
    needed = {name: packages_needed_by(program) for name, program in IMAGES.items()}
    assert packages_in("files") - {"ca-certificates"} == set().union(*needed.values())
    assert needed["backend"] <= needed["gateway"]


def test_the_packages_that_a_program_needs_are_those_of_its_libraries():
    assert packages_of(["/bin/sh", SOURCE]) == {"dash", f"nobody's {SOURCE}"}
    assert packages_needed_by("/usr/bin/openssl") == {"libc6", "libssl3"}


def test_the_files_are_looked_for_where_they_are_put():
    assert STAGES["gateway"].last("ENV") == "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
    assert "> /files/etc/ssl/certs/ca-certificates.crt" in STAGES["files"].last("RUN")
    assert STAGES["files"].arguments().keys() == {"RUNTIME_PACKAGES"}


@pytest.fixture(scope="module")
def context():
    ignore = (SOURCE / ".dockerignore").read_text()
    return dockerfile.context_of(dockerfile.files_of(SOURCE), ignore)


def test_the_build_is_given_sources_and_nothing_else(context):
    assert {path.split("/")[0] for path in context} == {"CMakeLists.txt", "LICENSE", "docs", "examples", "include", "lib",
                                                        "pkgconfig"}
    assert "lib/waitq.map" in context and "examples/gateway/main.c" in context
    assert not [path for path in context if path.startswith(("examples/gateway/deploy/", "examples/data/"))]
    sources = {words for stage in STAGES.values() for words in stage.all("COPY") if not words.startswith("--from")}
    assert sources == {". /src"}


@pytest.mark.parametrize("ignore, taken", [
    ("", ["a/b.c", "a/c/d.h", "e"]),
    ("*\n!a", ["a/b.c", "a/c/d.h"]),
    ("*\n!a\na/c", ["a/b.c"]),
    ("# e\n*.h\ne", ["a/b.c", "a/c/d.h"]),
    ("*/*/*.h", ["a/b.c", "e"]),
])
def test_patterns_mean_what_docker_means_by_them(ignore, taken):
    assert dockerfile.context_of(["a/b.c", "a/c/d.h", "e"], ignore) == taken


@pytest.mark.parametrize("text", ["FROM a:1\nRUM true\n", "RUN true\n", "FROM a:1 AS b\nRUN true \\\n"])
def test_what_is_no_dockerfile_is_refused(text):
    with pytest.raises(AssertionError):
        dockerfile.parse(text)


@pytest.fixture(scope="module")
def configured(context, tmp_path_factory):
    """A copy of what the build is given, with a build folder that the Dockerfile's command has made"""
    folder = tmp_path_factory.mktemp("image")
    dockerfile.copy_context(SOURCE, context, folder / "src")
    install, configure, _ = STAGES["build"].all("RUN")
    assert install.startswith("apt-get update")
    here = re.sub(r"(?<= )/(src|build)\b", rf"{folder}/\1", configure)
    done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder


def test_all_that_its_commands_compile_is_in_what_it_copies(configured):
    build = STAGES["build"].all("RUN")[-1]
    targets = re.match(r"cmake --build /build --target ((?:[\w-]+ )+)&&", build)[1].split()
    assert targets == [pathlib.Path(program).name for program in IMAGES.values()]
    commands = run("ninja", "-C", configured / "build", "-t", "commands", *targets)
    compiled = {path for path in re.findall(r" -c (\S+)", commands) if not path.startswith(f"{configured}/build/")}
    assert f"{configured}/src/examples/gateway/main.c" in compiled
    assert [path for path in compiled if not pathlib.Path(path).exists()] == []
    stripped = re.findall(r"strip -o /out/(\S+) /build/(\S+)", build)
    assert [name for name, _ in stripped] == targets
    assert all(f" -o {path} " in commands for _, path in stripped)


def test_every_header_that_the_programs_were_made_of_is_in_what_it_copies(context):
    """By what the compiler has noted when it built the programs that are tested here"""
    noted = run("ninja", "-C", os.environ["WAITQ_BUILD"], "-t", "deps")
    used = {str(pathlib.Path(path).relative_to(SOURCE))
            for target, paths in re.findall(r"^(\S+): #deps.*\n((?:    .*\n)*)", noted, re.M)
            if target.startswith(("lib/", "examples/gateway/"))
            for path in paths.split() if path.startswith(f"{SOURCE}/") and not path.startswith(os.environ["WAITQ_BUILD"])}
    assert {"examples/gateway/main.c", "examples/gateway/gateway.h", "include/waitq/waitq.h"} <= used
    assert used - set(context) == set()


def test_what_the_programs_are_linked_with_is_installed_before(configured):
    cache = (configured / "build/CMakeCache.txt").read_text()
    libraries = re.findall(r"^pkgcfg_lib_[\w-]+:FILEPATH=(/\S+\.so)$", cache, re.M)
    linked = {line.split(":")[0] for line in run("dpkg", "-S", *sorted(set(libraries))).splitlines()}
    assert {"libsodium-dev", "libh2o-evloop-dev"} <= linked <= packages_in("build")
