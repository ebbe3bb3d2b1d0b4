# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""Carries out a script of calls through the binding for Python, and prints what transcript.c prints: see README.md.

    transcript.py scenario.txt
"""
import dataclasses
import math
import sys

import waitq

SECONDS = {"claim_ttl_ms", "session_ttl_ms", "heartbeat_ttl_ms", "min_poll_ms", "max_poll_ms", "opens_at_ms"}
MEMBERS = {"order": waitq.Order, "eta_model": waitq.EtaModel, "on_store_loss": waitq.Loss}
NEVER_MS = 2**63 - 1


def show(name, value):
    print(f"  {name} {value:.6f}" if isinstance(value, float) else f"  {name} {value if value != '' else '-'}")


def ms(seconds, nothing=0):
    if seconds is None:
        return nothing
    return NEVER_MS if math.isinf(seconds) else round(seconds * 1000)


def show_status(status):
    for name in ("state", "reason", "position", "ahead", "behind"):
        show(name, int(getattr(status, name)))
    for name in ("eta", "eta_low", "eta_high"):
        show(name + "_ms", ms(getattr(status, name), -1))
    show("confidence", status.confidence)
    for name in ("waited", "enter_by", "next_poll", "age"):
        show(name + "_ms", ms(getattr(status, name)))
    show("phase", int(status.phase))


def show_ticket(ticket):
    show("text", ticket.text)
    show_status(ticket.status)


def show_pass(granted):
    show("state", int(granted.state))
    show("reason", int(granted.reason))
    show("expires_at_ms", ms(granted.expires_at))
    show("retry_after_ms", ms(granted.retry_after))
    show("text", granted.text)


def show_claims(claims):
    show("epoch", claims.epoch)
    show("number", claims.number)
    for name in ("issued_at", "not_before", "expires_at"):
        show(name + "_ms", ms(getattr(claims, name)))
    for name in ("room", "kid", "id"):
        show(name, getattr(claims, name))


def show_stats(stats):
    for name in ("epoch", "issued", "waiting", "ready", "entered", "left", "expired", "active", "head", "rate_per_s", "tokens"):
        show(name, getattr(stats, name))
    show("now_ms", ms(stats.now))
    show("age_ms", ms(stats.age))
    show("phase", int(stats.phase))
    show("goes_on_at_ms", ms(stats.goes_on_at))
    accuracy = stats.accuracy or waitq.Accuracy(0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for name, value in zip(accuracy._fields, accuracy):
        show("eta_" + name, value)


def show_policy(policy):
    for name in ("rate_per_s", "burst", "max_active", "max_waiting"):
        show(name, getattr(policy, name))
    for name in ("claim_ttl", "session_ttl", "heartbeat_ttl", "min_poll", "max_poll", "opens_at"):
        show(name + "_ms", ms(getattr(policy, name)))
    for name in MEMBERS:
        show(name, int(getattr(policy, name)))


def show_decision(decision):
    show("admitted", int(decision.admitted))
    show("remaining", decision.remaining)
    show("retry_after_ms", ms(decision.retry_after))
    show("reset_ms", ms(decision.reset))


def show_estimate(estimate):
    for name in ("eta", "eta_low", "eta_high"):
        show(name + "_ms", ms(getattr(estimate, name), -1))
    show("confidence", estimate.confidence)
    show("reason", int(estimate.reason))


def changed(policy, words):
    changes = {}
    for word in words:
        name, value = word.split("=")
        if name in SECONDS:
            changes[name[:-3]] = float(value) / 1000
        elif name in MEMBERS:
            changes[name] = MEMBERS[name](int(value))
        else:
            changes[name] = float(value) if name == "rate_per_s" else int(value)
    return dataclasses.replace(policy, **changes)


def binding_of(words):
    return waitq.Binding(*(None if word == "-" else word for word in words)) if words else None


class Host:
    def __init__(self):
        self.now_ms = 1_700_000_000_000
        self.key = waitq.Key.hs256("k1", bytes(range(1, 33)))
        self.context = waitq.Context("memory:", keys=[self.key], clock=lambda: self.now_ms / 1000)
        self.room = self.limiter = self.eta = None
        self.tickets, self.passes = {}, {}

    def answer(self, call, show_it=lambda result: None):
        """Prints how a call went; what it gave, or None where it failed"""
        try:
            result = call()
        except waitq.WaitqError as error:
            show("code", error.code_name)
            return None
        show("code", "WAITQ_OK")
        show_it(result)
        return result

    def answers(self, results, show_it):
        """The same for each of many"""
        for result in results:
            if isinstance(result, waitq.WaitqError):
                show("code", result.code_name)
            else:
                show("code", "WAITQ_OK")
                show_it(result)

    def do_room(self, name, *fields):
        if self.room:
            self.room.close()
        self.room = self.answer(lambda: self.context.room(name, changed(waitq.Policy(), fields)))

    def do_configure(self, *fields):
        self.answer(lambda: self.room.configure(changed(self.room.policy(), fields)))

    def do_tick(self, milliseconds):
        self.now_ms += int(milliseconds)

    def do_join(self, label, visitor=None):
        ticket = self.answer(lambda: self.room.join(visitor), show_ticket)
        self.tickets[label] = ticket.text if ticket is not None else ""

    def do_join_many(self, *labels):
        tickets = self.room.join_many(labels)
        self.tickets.update((label, ticket.text) for label, ticket in zip(labels, tickets))
        self.answers(tickets, show_ticket)

    def do_poll(self, label):
        self.answer(lambda: self.room.poll(self.tickets[label]), show_status)

    def do_poll_many(self, *labels):
        self.answers(self.room.poll_many([self.tickets[label] for label in labels]), show_status)

    def do_leave(self, label):
        self.answer(lambda: self.room.leave(self.tickets[label]), show_status)

    def keep(self, label, granted):
        if granted is not None:
            self.passes[label] = granted.text

    def do_enter(self, label, *binding):
        self.keep(label, self.answer(lambda: self.room.enter(self.tickets[label], binding_of(binding)), show_pass))

    def do_renew(self, label):
        self.keep(label, self.answer(lambda: self.room.renew(self.passes.get(label, "")), show_pass))

    def do_exit(self, label):
        self.answer(lambda: self.room.exit(self.passes.get(label, "")))

    def do_verify(self, label, *binding):
        with waitq.Verifier([self.key], self.room.name, leeway=0) as verifier:
            self.answer(lambda: verifier.verify(self.passes.get(label, ""), binding_of(binding), now=self.now_ms / 1000),
                        show_claims)

    def do_rate(self, rate):
        self.answer(lambda: self.room.set_rate(float(rate)))

    def do_rate_at(self, rate, in_ms):
        self.answer(lambda: self.room.set_rate_at(float(rate), (self.now_ms + int(in_ms)) / 1000))

    def do_phase(self, phase):
        self.answer(lambda: self.room.set_phase(waitq.Phase(int(phase))))

    def do_pause_until(self, in_ms):
        self.answer(lambda: self.room.pause_until((self.now_ms + int(in_ms)) / 1000))

    def do_reset(self):
        self.answer(lambda: self.room.reset())

    def do_stats(self):
        self.answer(lambda: self.room.stats(), show_stats)

    def do_policy(self):
        self.answer(lambda: self.room.policy(), show_policy)

    def do_limiter(self, name, rate, burst):
        self.limiter = self.answer(lambda: self.context.limiter(name, waitq.Limit(float(rate), int(burst))))

    def do_configure_limiter(self, rate, burst):
        self.answer(lambda: self.limiter.configure(waitq.Limit(float(rate), int(burst))))

    def do_try(self, tokens):
        self.answer(lambda: self.limiter.take(int(tokens)), show_decision)

    def do_eta(self, rate, burst, max_active):
        self.eta = self.answer(lambda: waitq.Eta(waitq.EtaOptions(float(rate), int(burst), int(max_active))))

    def do_observe(self, admitted, joined, left, ended, waiting, active, tokens):
        sample = waitq.EtaSample(admitted=int(admitted), joined=int(joined), left=int(left), ended=int(ended),
                                 waiting=int(waiting), active=int(active), tokens=float(tokens))
        self.answer(lambda: self.eta.observe(self.now_ms / 1000, sample))

    def do_estimate(self, position):
        self.answer(lambda: self.eta.estimate(self.now_ms / 1000, int(position)), show_estimate)

    def do_text(self, label, words=""):
        self.tickets[label] = self.passes[label] = words


def main():
    host = Host()
    with open(sys.argv[1]) as script:
        for line in script:
            words = line.split("#")[0].split()
            if words:
                print(*words)
                getattr(host, "do_" + words[0])(*words[1:])
    host.context.close()


if __name__ == "__main__":
    main()
