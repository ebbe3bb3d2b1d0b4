/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "resp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "child.h"

void resp_text_add(struct resp_text *text, const void *bytes, size_t length) {
  if (text->length + length + 1 > text->capacity) {
    size_t capacity = 2 * (text->length + length + 1);
    char *grown = realloc(text->bytes, capacity);
    if (grown == NULL) {
      child_fail("out of memory");
    }
    text->bytes = grown;
    text->capacity = capacity;
  }
  if (length > 0) {
    memcpy(text->bytes + text->length, bytes, length);
  }
  text->length += length;
  text->bytes[text->length] = '\0';
}

void resp_text_clear(struct resp_text *text) {
  text->length = 0;
  resp_text_add(text, "", 0);
}

void resp_text_free(struct resp_text *text) {
  free(text->bytes);
  *text = (struct resp_text){0};
}

void resp_encode(struct resp_text *text, const char *const *words, const size_t *lengths, size_t count) {
  char line[32];
  resp_text_add(text, line, (size_t)snprintf(line, sizeof line, "*%zu\r\n", count));
  for (size_t i = 0; i < count; i++) {
    size_t length = lengths == NULL ? strlen(words[i]) : lengths[i];
    resp_text_add(text, line, (size_t)snprintf(line, sizeof line, "$%zu\r\n", length));
    resp_text_add(text, words[i], length);
    resp_text_add(text, "\r\n", 2);
  }
}

size_t resp_split(char *line, const char **words, size_t capacity) {
  size_t count = 0;
  for (char *word = line; *word != '\0' && count < capacity;) {
    size_t length = strcspn(word, " ");
    char *next = word + length + (word[length] == ' ');
    word[length] = '\0';
    if (length > 0) {
      words[count++] = word;
    }
    word = next;
  }
  return count;
}

int resp_connect(uint16_t port, int64_t timeout_ms) {
  int one = 1;
  struct timeval limit = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000) * 1000};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) {
    return -1;
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

int resp_send(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return -1;
    }
    at += sent;
    length -= (size_t)sent;
  }
  return 0;
}

static int receive(int fd, char *bytes, size_t length) {
  while (length > 0) {
    ssize_t got = recv(fd, bytes, length, 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return -1;
    }
    bytes += got;
    length -= (size_t)got;
  }
  return 0;
}

/* A line without its end. Byte by byte: no reply's beginning is ever taken out of the socket with the end of another. */
static int receive_line(int fd, char *line, size_t size) {
  size_t length = 0;
  while (length + 1 < size) {
    if (receive(fd, line + length, 1) != 0) {
      return -1;
    }
    if (line[length] == '\n') {
      line[length > 0 && line[length - 1] == '\r' ? length - 1 : length] = '\0';
      return 0;
    }
    length++;
  }
  return -1;
}

static int read_bulk(int fd, long long length, struct resp_text *reply) {
  char *bytes = malloc((size_t)length + 2);
  int good = bytes != NULL && receive(fd, bytes, (size_t)length + 2) == 0;
  if (good) {
    resp_text_add(reply, bytes, (size_t)length);
  }
  free(bytes);
  return good ? 0 : -1;
}

/* Arrays nest: elements still to be read are counted, so that depth costs nothing. */
int resp_read(int fd, struct resp_text *reply) {
  long long left = 1;
  for (int first = 1; left > 0; left--) {
    char line[1024];
    if (receive_line(fd, line, sizeof line) != 0) {
      return -1;
    }
    long long number = strtoll(line + 1, NULL, 10);
    if (line[0] == '*') {
      left += number > 0 ? number : 0;
      continue;
    }
    resp_text_add(reply, "\n", first ? 0 : 1);
    first = 0;
    if (line[0] == '$' && number >= 0) {
      if (read_bulk(fd, number, reply) != 0) {
        return -1;
      }
    } else {
      const char *text = line[0] == '$' ? "(nil)" : line[0] == '-' ? line : line + 1;
      resp_text_add(reply, text, strlen(text));
    }
  }
  return 0;
}

int resp_ask(int fd, const char *const *words, size_t count, struct resp_text *reply) {
  struct resp_text command = {0};
  resp_encode(&command, words, NULL, count);
  resp_text_clear(reply);
  int good = resp_send(fd, command.bytes, command.length) == 0 && resp_read(fd, reply) == 0;
  resp_text_free(&command);
  return good ? 0 : -1;
}
