/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_CERTIFICATES_H
#define WAITQ_TESTS_SUPPORT_CERTIFICATES_H

/* Certificates made on the spot with the openssl program, good for a day; all are PEM files. */

struct certificates {
  char ca[96]; /* signed the server's and the client's */
  char server[96];
  char server_key[96]; /* for localhost and 127.0.0.1 */
  char client[96];
  char client_key[96];
  char other_ca[96];     /* signed neither */
  char other_client[96]; /* which the other CA signed */
  char other_client_key[96];
  char wrong_host[96]; /* of the first CA, for another host's name */
  char wrong_host_key[96];
  char expired[96]; /* of the first CA, for localhost, and good no longer */
  char expired_key[96];
};

/* Makes them all in a directory. */
void certificates_make(struct certificates *certificates, const char *directory);

#endif
