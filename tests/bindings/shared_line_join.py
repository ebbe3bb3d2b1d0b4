# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Joins a line that others share, and prints the ticket: shared_line_join.py uri room visitor"""
import sys

import waitq


def main():
    uri, room, visitor = sys.argv[1:]
    with waitq.Context(uri, keys=[waitq.Key.hs256("k1", bytes(range(1, 33)))]) as context:
        print(context.room(room).join(visitor))


if __name__ == "__main__":
    main()
