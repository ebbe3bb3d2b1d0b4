/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/slots.h"

#include <string.h>

/* Of four bits at a time: 32 bytes instead of 512, and names are short. */
static const uint16_t crc16_of_nibble[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
                                             0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef};

uint16_t waitq__crc16(struct waitq__text text) {
  unsigned crc = 0;
  for (size_t i = 0; i < text.length; i++) {
    unsigned byte = (unsigned char)text.bytes[i];
    crc = ((crc << 4) & 0xffff) ^ crc16_of_nibble[(crc >> 12) ^ (byte >> 4)];
    crc = ((crc << 4) & 0xffff) ^ crc16_of_nibble[(crc >> 12) ^ (byte & 15)];
  }
  return (uint16_t)crc;
}

static struct waitq__text tag_of(struct waitq__text key) {
  const char *open = key.length == 0 ? NULL : memchr(key.bytes, '{', key.length);
  if (open == NULL) {
    return key;
  }
  const char *tag = open + 1;
  const char *close = memchr(tag, '}', key.length - (size_t)(tag - key.bytes));
  if (close == NULL || close == tag) {
    return key;
  }
  return (struct waitq__text){tag, (size_t)(close - tag)};
}

uint16_t waitq__slot_of(struct waitq__text key) {
  return waitq__crc16(tag_of(key)) % WAITQ__SLOTS;
}

/* The first two elements of the range itself are slots. */
#define FIRST_SERVER 2

int waitq__slot_server_read(const struct waitq__reply *reply, size_t index, size_t server,
                            const struct waitq__redis_address *asked, struct waitq__redis_address *address) {
  const struct waitq__reply *range = waitq__reply_at(reply, index);
  const struct waitq__reply *at = range == NULL ? NULL : waitq__reply_at(range, FIRST_SERVER + server);
  if (at == NULL || waitq__reply_count(at) < 2) {
    return -1;
  }
  struct waitq__text host = waitq__reply_text(waitq__reply_at(at, 0));
  int64_t port = waitq__reply_integer(waitq__reply_at(at, 1));
  if (port <= 0 || port > UINT16_MAX || host.length >= sizeof address->host ||
      (host.length > 0 && memchr(host.bytes, 0, host.length) != NULL)) {
    return -1;
  }
  memset(address, 0, sizeof *address);
  if (host.length == 0) {
    memcpy(address->host, asked->host, sizeof address->host);
  } else {
    memcpy(address->host, host.bytes, host.length);
  }
  address->port = (uint16_t)port;
  return 0;
}

int waitq__slot_range_read(const struct waitq__reply *reply, size_t index, const struct waitq__redis_address *asked,
                           struct waitq__slot_range *range) {
  const struct waitq__reply *at = waitq__reply_at(reply, index);
  if (at == NULL || waitq__reply_count(at) <= FIRST_SERVER ||
      waitq__reply_type(waitq__reply_at(at, 0)) != WAITQ__REPLY_INTEGER ||
      waitq__reply_type(waitq__reply_at(at, 1)) != WAITQ__REPLY_INTEGER) {
    return -1;
  }
  int64_t first = waitq__reply_integer(waitq__reply_at(at, 0));
  int64_t last = waitq__reply_integer(waitq__reply_at(at, 1));
  if (first < 0 || first > last || last >= WAITQ__SLOTS) {
    return -1;
  }
  range->first = (uint32_t)first;
  range->last = (uint32_t)last;
  return waitq__slot_server_read(reply, index, 0, asked, &range->master);
}
