/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "certificates.h"

#include <stdio.h>
#include <string.h>

#include "child.h"

struct maker {
  const char *directory;
  char log[96];
};

static void name_file(const struct maker *maker, char *path, size_t size, const char *name, const char *extension) {
  snprintf(path, size, "%s/%s.%s", maker->directory, name, extension);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
    child_fail("cannot write %s", path);
  }
}

static void make_ca(const struct maker *maker, const char *name, char *certificate) {
  char key[96];
  char subject[64];
  name_file(maker, certificate, sizeof key, name, "pem");
  name_file(maker, key, sizeof key, name, "key");
  snprintf(subject, sizeof subject, "/CN=%s", name);
  const char *const arguments[] = {"openssl",
                                   "req",
                                   "-x509",
                                   "-newkey",
                                   "ec",
                                   "-pkeyopt",
                                   "ec_paramgen_curve:P-256",
                                   "-nodes",
                                   "-days",
                                   "1",
                                   "-keyout",
                                   key,
                                   "-out",
                                   certificate,
                                   "-subj",
                                   subject,
                                   "-addext",
                                   "basicConstraints=critical,CA:TRUE",
                                   NULL};
  child_run(arguments, maker->log);
}

/* The "ca" command is the one that lets a certificate's time be chosen; it wants a configuration and a database. */
static void sign(const struct maker *maker, const char *ca, const char *name, const char *names, int is_expired) {
  char request[96];
  char certificate[96];
  char key[96];
  char ca_certificate[96];
  char ca_key[96];
  char config[96];
  char text[1024];
  name_file(maker, request, sizeof request, name, "csr");
  name_file(maker, certificate, sizeof certificate, name, "pem");
  name_file(maker, key, sizeof key, name, "key");
  name_file(maker, ca_certificate, sizeof ca_certificate, ca, "pem");
  name_file(maker, ca_key, sizeof ca_key, ca, "key");
  name_file(maker, config, sizeof config, name, "cnf");
  snprintf(text, sizeof text,
           "[ca]\ndefault_ca=it\n[it]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\n"
           "policy=any\nunique_subject=no\nx509_extensions=more\n[any]\ncommonName=supplied\n[more]\n"
           "subjectAltName=%s\n",
           maker->directory, maker->directory, names);
  write_file(config, text);
  char subject[64];
  snprintf(subject, sizeof subject, "/CN=%s", name);
  const char *const ask[] = {"openssl", "req",     "-new", "-newkey", "ec",    "-pkeyopt", "ec_paramgen_curve:P-256",
                             "-nodes",  "-keyout", key,    "-out",    request, "-subj",    subject,
                             NULL};
  child_run(ask, maker->log);
  const char *const answer[] = {"openssl",
                                "ca",
                                "-batch",
                                "-notext",
                                "-config",
                                config,
                                "-cert",
                                ca_certificate,
                                "-keyfile",
                                ca_key,
                                "-in",
                                request,
                                "-out",
                                certificate,
                                is_expired ? "-startdate" : "-days",
                                is_expired ? "20200101000000Z" : "1",
                                is_expired ? "-enddate" : NULL,
                                "20200102000000Z",
                                NULL};
  child_run(answer, maker->log);
}

static void make(const struct maker *maker, const char *ca, const char *name, const char *names, char *certificate,
                 char *key) {
  sign(maker, ca, name, names, strcmp(name, "expired") == 0);
  name_file(maker, certificate, sizeof((struct certificates *)0)->server, name, "pem");
  name_file(maker, key, sizeof((struct certificates *)0)->server_key, name, "key");
}

void certificates_make(struct certificates *certificates, const char *directory) {
  struct maker maker = {.directory = directory};
  char index[96];
  name_file(&maker, maker.log, sizeof maker.log, "openssl", "log");
  snprintf(index, sizeof index, "%s/index", directory);
  write_file(index, "");
  make_ca(&maker, "ca", certificates->ca);
  make_ca(&maker, "other-ca", certificates->other_ca);
  make(&maker, "ca", "server", "DNS:localhost,IP:127.0.0.1", certificates->server, certificates->server_key);
  make(&maker, "ca", "client", "DNS:client", certificates->client, certificates->client_key);
  make(&maker, "other-ca", "other-client", "DNS:client", certificates->other_client, certificates->other_client_key);
  make(&maker, "ca", "wrong-host", "DNS:elsewhere.example", certificates->wrong_host, certificates->wrong_host_key);
  make(&maker, "ca", "expired", "DNS:localhost,IP:127.0.0.1", certificates->expired, certificates->expired_key);
}
