/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/tls.h"

#include "base/error.h"

#ifndef WAITQ_HAVE_TLS

int waitq__tls_new(const struct waitq__redis_settings *settings, const struct waitq__redis_address *address,
                   const char *name, int fd, const waitq_allocator *allocator, struct waitq__tls **out,
                   waitq_error *error) {
  (void)settings, (void)address, (void)fd, (void)allocator;
  *out = NULL;
  return waitq__fail(error, WAITQ_E_UNSUPPORTED, "%s: this build of the library has no TLS", name);
}

void waitq__tls_free(struct waitq__tls *tls) {
  (void)tls;
}

/* There is no TLS to call these with. */
int waitq__tls_handshake(struct waitq__tls *tls, short *wants, waitq_error *error) {
  (void)tls, (void)wants, (void)error;
  return WAITQ_E_UNSUPPORTED;
}

int waitq__tls_send(struct waitq__tls *tls, const char *bytes, size_t length, size_t *done, short *wants,
                    waitq_error *error) {
  (void)tls, (void)bytes, (void)length, (void)done, (void)wants, (void)error;
  return WAITQ_E_UNSUPPORTED;
}

int waitq__tls_receive(struct waitq__tls *tls, char *bytes, size_t size, size_t *done, short *wants,
                       waitq_error *error) {
  (void)tls, (void)bytes, (void)size, (void)done, (void)wants, (void)error;
  return WAITQ_E_UNSUPPORTED;
}

int waitq__tls_is_quiet(struct waitq__tls *tls) {
  (void)tls;
  return 0;
}

int waitq__tls_has_sent(const struct waitq__tls *tls) {
  (void)tls;
  return 0;
}

#else

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

/* OpenSSL takes its memory where the host has told it to, or from malloc. */
struct waitq__tls {
  const waitq_allocator *allocator;
  const char *name;
  int fd;
  int has_sent;
  int number; /* the errno of the socket's last failure; 0 where it was none of the socket's */
  int is_open;
  int is_ended; /* the socket was at its end */
  BIO_METHOD *method;
  SSL_CTX *context;
  SSL *ssl;
};

/* --- a BIO over the socket that raises no SIGPIPE, which OpenSSL's own does --- */

static void note(BIO *bio, struct waitq__tls *tls, int retry_flag) {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  } else {
    tls->number = errno;
  }
}

static int bio_write(BIO *bio, const char *bytes, int length) {
  struct waitq__tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  ssize_t sent = send(tls->fd, bytes, (size_t)length, MSG_NOSIGNAL);
  if (sent < 0) {
    note(bio, tls, BIO_FLAGS_WRITE);
    return -1;
  }
  tls->has_sent = 1;
  return (int)sent;
}

static int bio_read(BIO *bio, char *bytes, int size) {
  struct waitq__tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  ssize_t received = recv(tls->fd, bytes, (size_t)size, 0);
  if (received < 0) {
    note(bio, tls, BIO_FLAGS_READ);
    return -1;
  }
  tls->is_ended |= received == 0;
  return (int)received;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
  (void)number, (void)pointer;
  const struct waitq__tls *tls = BIO_get_data(bio);
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return tls->is_ended;
    default:
      return 0;
  }
}

static BIO *bio_over(struct waitq__tls *tls) {
  /* Without an index of its own: a process has but 127, and nobody looks for this one by its type. */
  tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "waitq");
  if (tls->method == NULL || BIO_meth_set_write(tls->method, bio_write) != 1 ||
      BIO_meth_set_read(tls->method, bio_read) != 1 || BIO_meth_set_ctrl(tls->method, bio_control) != 1) {
    return NULL;
  }
  BIO *bio = BIO_new(tls->method);
  if (bio != NULL) {
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
  }
  return bio;
}

/* --- making one --- */

/* A key that wants a pass phrase is refused; OpenSSL would ask for it at the terminal. */
static int no_pass_phrase(char *buffer, int size, int is_writing, void *user) {
  (void)buffer, (void)size, (void)is_writing, (void)user;
  return -1;
}

static int bad_file(const struct waitq__tls *tls, const char *what, const char *path, waitq_error *error) {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return waitq__fail(error, WAITQ_E_INVALID, "%s: the %s '%s' cannot be used: %s", tls->name, what, path,
                     reason == NULL ? "unknown reason" : reason);
}

static int no_memory(const struct waitq__tls *tls, waitq_error *error) {
  ERR_clear_error();
  return waitq__fail(error, WAITQ_E_NOMEM, "%s: no memory for TLS", tls->name);
}

static int make_context(struct waitq__tls *tls, const struct waitq__redis_settings *settings, waitq_error *error) {
  ERR_clear_error();
  tls->context = SSL_CTX_new(TLS_client_method());
  if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1) {
    return no_memory(tls, error);
  }
  SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(tls->context, no_pass_phrase);
  if (settings->ca_file[0] == '\0') {
    if (SSL_CTX_set_default_verify_paths(tls->context) != 1) {
      return bad_file(tls, "store of certificates", "of the system", error);
    }
  } else if (SSL_CTX_load_verify_locations(tls->context, settings->ca_file, NULL) != 1) {
    return bad_file(tls, "ca_file", settings->ca_file, error);
  }
  if (settings->cert_file[0] != '\0') {
    if (SSL_CTX_use_certificate_chain_file(tls->context, settings->cert_file) != 1) {
      return bad_file(tls, "cert_file", settings->cert_file, error);
    }
    if (SSL_CTX_use_PrivateKey_file(tls->context, settings->key_file, SSL_FILETYPE_PEM) != 1) {
      return bad_file(tls, "key_file", settings->key_file, error);
    }
  }
  return WAITQ_OK;
}

/* Sets whose certificate is expected: that of a host, or of an address. */
static int expect(SSL *ssl, const char *name) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1) {
    return 1;
  }
  ERR_clear_error();
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static int make_ssl(struct waitq__tls *tls, const char *expected, waitq_error *error) {
  BIO *bio = bio_over(tls);
  if (bio == NULL) {
    return no_memory(tls, error);
  }
  tls->ssl = SSL_new(tls->context);
  if (tls->ssl == NULL) {
    BIO_free(bio);
    return no_memory(tls, error);
  }
  SSL_set_bio(tls->ssl, bio, bio);
  SSL_set_connect_state(tls->ssl);
  return expect(tls->ssl, expected) ? WAITQ_OK : no_memory(tls, error);
}

int waitq__tls_new(const struct waitq__redis_settings *settings, const struct waitq__redis_address *address,
                   const char *name, int fd, const waitq_allocator *allocator, struct waitq__tls **out,
                   waitq_error *error) {
  *out = NULL;
  struct waitq__tls *tls = waitq__alloc_zeroed(allocator, sizeof *tls);
  if (tls == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "%s: no memory for TLS", name);
  }
  tls->allocator = allocator;
  tls->name = name;
  tls->fd = fd;
  int code = make_context(tls, settings, error);
  if (code == WAITQ_OK) {
    code = make_ssl(tls, settings->server_name[0] == '\0' ? address->host : settings->server_name, error);
  }
  if (code != WAITQ_OK) {
    waitq__tls_free(tls);
    return code;
  }
  *out = tls;
  return WAITQ_OK;
}

void waitq__tls_free(struct waitq__tls *tls) {
  if (tls != NULL) {
    /* No SSL_shutdown(): in the child of a fork it would end the parent's connection. */
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    waitq__free(tls->allocator, tls);
  }
}

/* --- using it --- */

/* Whether the server has ended the connection by an alert that says that it does not trust this side. */
static int is_refused_by_server(unsigned long number) {
  if (ERR_GET_LIB(number) != ERR_LIB_SSL) {
    return 0;
  }
  switch (ERR_GET_REASON(number)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return 1;
    default:
      return 0;
  }
}

static int failed(struct waitq__tls *tls, int kind, waitq_error *error) {
  unsigned long number = ERR_peek_error();
  const char *reason = ERR_reason_error_string(number);
  ERR_clear_error();
  if (is_refused_by_server(number)) {
    return waitq__fail(error, WAITQ_E_DENIED, "%s refused TLS with this side: %s", tls->name, reason);
  }
  char text[128];
  if (tls->number != 0 && strerror_r(tls->number, text, sizeof text) == 0) {
    return waitq__fail(error, WAITQ_E_STORE, "%s: the connection failed: %s", tls->name, text);
  }
  if (kind == SSL_ERROR_ZERO_RETURN || tls->is_ended) {
    return waitq__fail(error, WAITQ_E_STORE, "%s closed the connection%s", tls->name,
                       tls->is_open ? "" : " during the TLS handshake");
  }
  return waitq__fail(error, WAITQ_E_STORE, "%s: TLS failed: %s", tls->name, reason == NULL ? "unknown reason" : reason);
}

static void begin(struct waitq__tls *tls) {
  ERR_clear_error();
  tls->number = 0;
  tls->has_sent = 0;
}

/* What a call that did not succeed has to wait for; or its failure. */
static int wait_or_fail(struct waitq__tls *tls, int result, short *wants, waitq_error *error) {
  int kind = SSL_get_error(tls->ssl, result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    *wants = kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    return WAITQ_OK;
  }
  return failed(tls, kind, error);
}

int waitq__tls_handshake(struct waitq__tls *tls, short *wants, waitq_error *error) {
  begin(tls);
  *wants = 0;
  int result = SSL_do_handshake(tls->ssl);
  if (result == 1) {
    tls->is_open = 1;
    return WAITQ_OK;
  }
  long verdict = SSL_get_verify_result(tls->ssl);
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return waitq__fail(error, WAITQ_E_DENIED, "%s: the server's certificate is not accepted: %s", tls->name,
                       X509_verify_cert_error_string(verdict));
  }
  return wait_or_fail(tls, result, wants, error);
}

int waitq__tls_send(struct waitq__tls *tls, const char *bytes, size_t length, size_t *done, short *wants,
                    waitq_error *error) {
  begin(tls);
  *done = 0;
  int result = SSL_write_ex(tls->ssl, bytes, length, done);
  return result == 1 ? WAITQ_OK : wait_or_fail(tls, result, wants, error);
}

int waitq__tls_receive(struct waitq__tls *tls, char *bytes, size_t size, size_t *done, short *wants,
                       waitq_error *error) {
  begin(tls);
  *done = 0;
  int result = SSL_read_ex(tls->ssl, bytes, size, done);
  return result == 1 ? WAITQ_OK : wait_or_fail(tls, result, wants, error);
}

int waitq__tls_is_quiet(struct waitq__tls *tls) {
  begin(tls);
  char byte;
  size_t done;
  /* A server may send what is TLS' own at any time. */
  int result = SSL_peek_ex(tls->ssl, &byte, 1, &done);
  int is_quiet = result != 1 && SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return is_quiet;
}

int waitq__tls_has_sent(const struct waitq__tls *tls) {
  return tls->has_sent;
}

#endif
