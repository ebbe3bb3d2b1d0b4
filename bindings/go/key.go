// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include <string.h>
// #include "bridge.h"
import "C"

import (
	"strings"
	"unsafe"
)

// An Algorithm is what a key is for. The key decides the algorithm of a pass; the text of a pass never does.
type Algorithm uint32

// The algorithms.
const (
	HS256         Algorithm = C.WAITQ_KEY_HS256          // a shared secret of 32 to 64 bytes: signs and verifies
	Ed25519       Algorithm = C.WAITQ_KEY_ED25519        // a seed of 32 bytes: signs and verifies
	Ed25519Public Algorithm = C.WAITQ_KEY_ED25519_PUBLIC // a public key of 32 bytes: verifies only
)

// A Key signs passes and tickets, or verifies passes.
type Key struct {
	Algorithm Algorithm
	ID        string // key id, [A-Za-z0-9_.-]{1,31}, unique in its ring
	Bytes     []byte // the key itself
}

// Public derives the public half of an Ed25519 key, to hand to those who only verify.
func (k Key) Public() (Key, error) {
	const op = "key public"
	keys, free, err := ring(op, []Key{k})
	if err != nil {
		return Key{}, err
	}
	defer free()
	var public C.waitq_key
	var detail C.waitq_error
	C.waitq_key_init(&public, C.size_t(unsafe.Sizeof(public)))
	C.waitq_error_init(&detail, C.size_t(unsafe.Sizeof(detail)))
	if code := C.waitq_key_public(keys, &public, &detail); code != C.WAITQ_OK {
		return Key{}, failed(op, C.waitq_go_failure(code, &detail))
	}
	bytes := C.GoBytes(unsafe.Pointer(&public.bytes[0]), C.int(public.length))
	return Key{Algorithm(public.algorithm), text(public.kid[:]), bytes}, nil
}

// ring copies keys to memory of C's; free wipes it.
func ring(op string, keys []Key) (c *C.waitq_key, free func(), err error) {
	if len(keys) == 0 {
		return nil, func() {}, nil
	}
	size := C.size_t(unsafe.Sizeof(*c))
	c = (*C.waitq_key)(C.calloc(C.size_t(len(keys)), size))
	if c == nil {
		return nil, nil, fail(op, ErrNoMemory, "no memory for keys")
	}
	free = func() {
		C.memset(unsafe.Pointer(c), 0, C.size_t(len(keys))*size)
		C.free(unsafe.Pointer(c))
	}
	slots := unsafe.Slice(c, len(keys))
	for i, key := range keys {
		if len(key.ID) >= len(slots[i].kid) || len(key.Bytes) > len(slots[i].bytes) || strings.IndexByte(key.ID, 0) >= 0 {
			free()
			return nil, nil, fail(op, ErrInvalid, "key %d has an id of %d bytes and %d bytes: at most %d, none of them NUL, and %d",
				i, len(key.ID), len(key.Bytes), len(slots[i].kid)-1, len(slots[i].bytes))
		}
		fillKey(&slots[i], key)
	}
	return c, free, nil
}

func fillKey(to *C.waitq_key, from Key) {
	C.waitq_key_init(to, C.size_t(unsafe.Sizeof(*to)))
	to.algorithm = C.uint32_t(from.Algorithm)
	to.length = C.uint32_t(len(from.Bytes))
	for i := range from.Bytes {
		to.bytes[i] = C.uchar(from.Bytes[i])
	}
	for i := range from.ID {
		to.kid[i] = C.char(from.ID[i])
	}
}
