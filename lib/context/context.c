/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "context/context.h"

#include <sodium.h>
#include <string.h>

#include "base/sized.h"
#ifdef WAITQ_HAVE_REDIS
#include "store/redis/store.h"
#endif

#define KEY_BYTES 32
#define KID_BYTES 8

_Static_assert(KEY_BYTES + KID_BYTES == sizeof(struct waitq__agreed_key), "the key of those who bring none");

static int32_t kernel_random(void *user, void *buffer, size_t bytes) {
  (void)user;
  randombytes_buf(buffer, bytes);
  return 0;
}

void waitq_options_init(waitq_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_options)WAITQ_OPTIONS_INIT, sizeof(waitq_options));
}

static int read_options(const waitq_options *theirs, waitq_options *options, waitq_error *error) {
  if (theirs != NULL) {
    int code = waitq__sized_read(options, sizeof *options, theirs, "options", error);
    if (code != WAITQ_OK) {
      return code;
    }
  }
  if (options->reserved != 0) {
    return waitq__fail(error, WAITQ_E_VERSION, "options->reserved is not zero");
  }
  if (options->log_level < 0 || options->log_level > WAITQ_LOG_DEBUG) {
    return waitq__fail(error, WAITQ_E_INVALID, "log_level is %d, which is no level", options->log_level);
  }
  if (options->keys == NULL && options->key_count > 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "keys is NULL and key_count is %zu", options->key_count);
  }
  return WAITQ_OK;
}

static int read_allocator(const waitq_options *options, waitq_allocator *allocator, waitq_error *error) {
  *allocator = waitq__default_allocator;
  if (options->allocator == NULL) {
    return WAITQ_OK;
  }
  int code = waitq__sized_read(allocator, sizeof *allocator, options->allocator, "options->allocator", error);
  if (code == WAITQ_OK &&
      (allocator->allocate == NULL || allocator->reallocate == NULL || allocator->release == NULL)) {
    code = waitq__fail(error, WAITQ_E_INVALID, "options->allocator lacks a function");
  }
  return code;
}

static int choose_store(const char *uri, const waitq_options *options, const waitq_store_ops **ops,
                        waitq_error *error) {
  if (options->store != NULL) {
    const waitq_store_ops *store = options->store;
    int is_whole = store->size >= sizeof(waitq_store_ops) && store->open != NULL && store->close != NULL &&
                   store->room_open != NULL && store->load != NULL && store->append != NULL && store->mark != NULL &&
                   store->commit != NULL;
    *ops = store;
    return is_whole ? WAITQ_OK : waitq__fail(error, WAITQ_E_VERSION, "options->store lacks a function");
  }
  if (uri == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "store_uri is NULL");
  }
  if (strcmp(uri, "memory:") == 0) {
    *ops = waitq_store_memory();
    return WAITQ_OK;
  }
#ifdef WAITQ_HAVE_REDIS
  if (strncmp(uri, "redis", 5) == 0) {
    *ops = waitq__store_redis();
    return WAITQ_OK;
  }
#endif
  size_t scheme = strcspn(uri, ":");
  if (uri[scheme] != ':' || scheme == 0 || scheme > 20) {
    return waitq__fail(error, WAITQ_E_INVALID, "store_uri has no scheme, such as memory:");
  }
  if (strncmp(uri, "memory:", 7) == 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "store_uri has something after memory:");
  }
  return waitq__fail(error, WAITQ_E_UNSUPPORTED, "store_uri has the scheme %.*s:, which this build does not have",
                     (int)scheme, uri);
}

static waitq_key key_of(const struct waitq__agreed_key *agreed) {
  waitq_key key = WAITQ_KEY_INIT;
  key.algorithm = WAITQ_KEY_HS256;
  key.length = KEY_BYTES;
  memcpy(key.bytes, agreed->bytes, KEY_BYTES);
  sodium_bin2hex(key.kid, sizeof key.kid, agreed->bytes + KEY_BYTES, KID_BYTES);
  return key;
}

struct waitq__agreed_key waitq__agreed_key_of(const struct waitq__keyring *ring, size_t index) {
  const waitq_key *key = &ring->entries[index].key;
  struct waitq__agreed_key agreed = {{0}};
  memcpy(agreed.bytes, key->bytes, KEY_BYTES);
  sodium_hex2bin(agreed.bytes + KEY_BYTES, KID_BYTES, key->kid, strlen(key->kid), NULL, NULL, NULL);
  return agreed;
}

int waitq__context_add_key(waitq_t *context, const struct waitq__agreed_key *agreed, waitq_error *error) {
  waitq_key key = key_of(agreed);
  pthread_mutex_lock(&context->ring_lock);
  int code = waitq__keyring_add(&context->ring, &key, error);
  pthread_mutex_unlock(&context->ring_lock);
  sodium_memzero(&key, sizeof key);
  return code;
}

/* The key of those who bring none, and eight bytes to know it by. Contexts of one store agree on it. */
static int make_ring(waitq_t *context, const waitq_options *options, waitq_error *error) {
  if (options->key_count > 0) {
    return waitq__keyring_init(&context->ring, options->keys, options->key_count, 1, error);
  }
  struct waitq__agreed_key *made = &context->own_key;
  if (context->random(context->random_user, made->bytes, sizeof made->bytes) != 0) {
    return waitq__fail(error, WAITQ_E_RANDOM, "the source of randomness gave no key");
  }
  int code = WAITQ_OK;
  if (context->ops->agree != NULL) {
    code = context->ops->agree(context->store, "key", made->bytes, sizeof made->bytes, error);
  }
  if (code == WAITQ_OK) {
    waitq_key key = key_of(made);
    code = waitq__keyring_init(&context->ring, &key, 1, 1, error);
    sodium_memzero(&key, sizeof key);
  }
  context->has_own_key = code == WAITQ_OK;
  return code;
}

static void take_options(waitq_t *context, const waitq_options *options) {
  context->log.write = options->log;
  context->log.user = options->log_user;
  context->log.level = options->log_level == WAITQ_LOG_NONE ? WAITQ_LOG_INFO : options->log_level;
  waitq__clock_init(&context->default_clock);
  context->clock = options->clock != NULL ? options->clock : waitq__clock_now;
  context->clock_user = options->clock != NULL ? options->clock_user : &context->default_clock;
  context->random = options->random != NULL ? options->random : kernel_random;
  context->random_user = options->random_user;
  context->store_env = (waitq_store_env){
      .size = sizeof(waitq_store_env),
      .allocator = &context->allocator,
      .user = options->store_user,
      .log = context->log.write,
      .log_user = context->log.user,
      .log_level = context->log.level,
      .random = context->random,
      .random_user = context->random_user,
  };
  context->rooms.allocator = &context->allocator;
  context->limiters.allocator = &context->allocator;
  context->forks = waitq__fork_count();
  waitq__completions_init(&context->completions, &context->allocator);
  waitq__io_init(&context->io);
}

static int open_with(const char *uri, const waitq_options *options, const waitq_allocator *allocator,
                     const waitq_store_ops *ops, waitq_t **out, waitq_error *error) {
  waitq_t *context = waitq__alloc_zeroed(allocator, sizeof *context);
  if (context == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a context");
  }
  context->allocator = *allocator;
  context->ops = ops;
  take_options(context, options);
  int code = ops->open(uri, &context->store_env, &context->store, error);
  if (code == WAITQ_OK) {
    code = make_ring(context, options, error);
    if (code != WAITQ_OK) {
      ops->close(context->store);
    }
  }
  if (code != WAITQ_OK) {
    waitq__io_stop(&context->io);
    waitq__completions_free(&context->completions);
    waitq__keyring_wipe(&context->ring);
    sodium_memzero(&context->own_key, sizeof context->own_key);
    waitq__free(allocator, context);
    return code;
  }
  pthread_mutex_init(&context->lock, NULL);
  pthread_mutex_init(&context->ring_lock, NULL);
  *out = context;
  return WAITQ_OK;
}

int waitq_open(const char *store_uri, const waitq_options *options, waitq_t **out, waitq_error *error) {
  waitq_options known = WAITQ_OPTIONS_INIT;
  waitq_allocator allocator;
  const waitq_store_ops *ops = NULL;
  if (out == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "out is NULL");
  }
  int code = read_options(options, &known, error);
  if (code == WAITQ_OK) {
    code = read_allocator(&known, &allocator, error);
  }
  if (code == WAITQ_OK) {
    code = choose_store(store_uri, &known, &ops, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  if (sodium_init() < 0) {
    return waitq__fail(error, WAITQ_E_RANDOM, "libsodium could not be initialised");
  }
  if (waitq__fork_watch() != 0) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory to watch for forks");
  }
  return open_with(store_uri, &known, &allocator, ops, out, error);
}

void waitq__context_free(waitq_t *context) {
  waitq__io_stop(&context->io);
  waitq__registry_destroy(&context->limiters);
  waitq__registry_destroy(&context->rooms);
  context->ops->close(context->store);
  waitq__completions_free(&context->completions);
  waitq__keyring_wipe(&context->ring);
  sodium_memzero(&context->own_key, sizeof context->own_key);
  pthread_mutex_destroy(&context->ring_lock);
  pthread_mutex_destroy(&context->lock);
  waitq_allocator allocator = context->allocator;
  waitq__free(&allocator, context);
}

void waitq__handle_end(waitq_t *context) {
  context->handles--;
  int is_last = context->handles == 0 && atomic_load_explicit(&context->is_closed, memory_order_relaxed);
  pthread_mutex_unlock(&context->lock);
  if (is_last) {
    waitq__context_free(context);
  }
}

void waitq_close(waitq_t *context) {
  /* In the child of a fork nothing is touched: another thread of the parent may have held any lock. */
  if (context == NULL || context->forks != waitq__fork_count()) {
    return;
  }
  pthread_mutex_lock(&context->lock);
  atomic_store_explicit(&context->is_closed, 1, memory_order_relaxed);
  int is_last = context->handles == 0;
  pthread_mutex_unlock(&context->lock);
  if (is_last) {
    waitq__context_free(context);
  }
}
