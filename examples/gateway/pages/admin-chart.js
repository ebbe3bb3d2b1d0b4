/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
'use strict';

/* What an event did in the last ten minutes, and lines on a canvas. A library would weigh more than the page.
 *
 * The gateway tells counters; what happens in a second is the difference of two of them, by the room's own time. Between figures
 * that are further apart than GAP_MS (a tab that slept, a store that was silent) nothing is known, and no line is drawn. Counters
 * of the room are the same at each gateway, but those of turns are a gateway's own. */

const SPANS_MS = [60000, 120000, 300000, 600000], SPAN_MS = 600000, GAP_MS = 5000, STALE_MS = 3000;

class History {
  constructor() {
    this.samples = [];
    this.marks = [];
    this.turns = {};
  }

  /* Takes what the gateway says of the event; whether that was news. */
  add(event, reply) {
    const last = this.samples.at(-1), x = reply.now_ms, stale = event.age_ms > STALE_MS;
    const isNew = !last || event.now_ms > last.now_ms;
    if (last && (x <= last.x || !(isNew || stale))) return false;
    const before = last && !last.stale && last.epoch === event.epoch && event.now_ms - last.now_ms <= GAP_MS ? last : null;
    const per = name => {
      const seconds = before ? (event.now_ms - before.now_ms) / 1000 : 0;
      return seconds > 0 && event[name] >= before[name] ? (event[name] - before[name]) / seconds : null;
    };
    const known = value => stale ? null : value, scored = event.eta && event.eta.scored > 0;
    this.samples.push({
      x, stale, phase: event.phase, epoch: event.epoch, now_ms: isNew ? event.now_ms : last.now_ms,
      issued: event.issued, entered: event.entered, age: event.age_ms / 1000,
      arrivals: known(per('issued')), entries: known(per('entered')), turns: this.turnsPer(event, reply.gateway, stale),
      rate: known(event.rate_per_s), waiting: known(event.waiting), ready: known(event.ready), active: known(event.active),
      accuracy: known(scored ? event.eta.accuracy : null), coverage: known(scored ? event.eta.coverage : null),
    });
    if (last && last.epoch !== event.epoch) this.marks.push({x, word: 'mark_reset'});
    else if (last && last.phase !== event.phase) this.marks.push({x, word: event.phase});
    while (this.samples[0].x < x - SPAN_MS - GAP_MS) this.samples.shift();
    this.marks = this.marks.filter(mark => mark.x > x - SPAN_MS);
    return true;
  }

  turnsPer(event, gateway, isStale) {
    if (isStale) {
      this.turns = {};
      return null;
    }
    const last = this.turns[gateway], seconds = last ? (event.now_ms - last.now_ms) / 1000 : 0;
    if (event.turns !== null) this.turns[gateway] = {now_ms: event.now_ms, turns: event.turns};
    return seconds > 0 && seconds * 1000 <= GAP_MS && event.turns >= last.turns ? (event.turns - last.turns) / seconds : null;
  }

  /* How long the charts are: as long as there is something to show, up to ten minutes. */
  span(to) {
    const known = this.samples.length ? to - this.samples[0].x : 0;
    return SPANS_MS.find(span => span >= known - 2000) || SPAN_MS;
  }

  /* The values of a figure in the last so many ms before a time. */
  values(figure, until, span) {
    return this.samples.filter(s => s.x > until - span && s.x <= until && s[figure] !== null).map(s => s[figure]);
  }

  mean(figure, until, span) {
    const values = this.values(figure, until, span);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  }

  /* The sample that was the latest at a time; null where that was too long before. */
  at(x) {
    const found = this.samples.findLast(sample => sample.x <= x);
    return found && x - found.x <= GAP_MS ? found : null;
  }
}

/* 1, 2 or 5 times a power of ten. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find(factor => factor * power >= least * 0.999);
}

const DASHES = [[], [7, 4], [2, 3], [12, 3, 2, 3]];

class Chart {
  /* spec: {lines: [figure, ...], least: the smallest top, most: the top where it is fixed, goal, format} */
  constructor(canvas, spec) {
    Object.assign(this, {canvas, spec, pen: canvas.getContext('2d')});
  }

  /* view: {to, span, cursor, time: ms => text, word: key => text} */
  draw(history, view) {
    const {canvas, pen} = this, scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const style = getComputedStyle(canvas);
    this.ink = name => style.getPropertyValue(`--${name}`).trim();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `12px ${style.fontFamily}`;
    const from = view.to - view.span, top = this.top(history);
    this.box = {left: 46, right: width - 10, up: 14, down: height - 22};
    this.x = ms => this.box.left + (ms - from) / view.span * (this.box.right - this.box.left);
    this.y = value => this.box.down - value / top * (this.box.down - this.box.up);
    this.drawGrid(from, view, top);
    this.drawMarks(history, view);
    this.spec.lines.forEach((figure, i) => this.drawLine(history.samples, figure, i));
    if (view.cursor < view.to - 500) this.rule(this.x(view.cursor), 'text', []);
  }

  top(history) {
    const {lines, least, most} = this.spec;
    if (most) return most;
    const highest = history.samples.reduce((top, sample) => lines.reduce((t, figure) => Math.max(t, sample[figure] || 0), top), least);
    return Math.ceil(highest * 1.05 / niceStep(highest / 4)) * niceStep(highest / 4);
  }

  rule(x, ink, dash) {
    const {pen, box} = this;
    pen.strokeStyle = this.ink(ink);
    pen.lineWidth = 1;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(Math.round(x) + 0.5, box.up);
    pen.lineTo(Math.round(x) + 0.5, box.down);
    pen.stroke();
  }

  drawGrid(from, view, top) {
    const {pen, box, spec} = this, step = niceStep(top / 4), every = view.span / (box.right - box.left < 420 ? 2.5 : 5);
    pen.textBaseline = 'middle';
    pen.lineWidth = 1;
    pen.setLineDash([]);
    for (let value = 0; value <= top * 1.001; value += step) {
      const y = Math.round(this.y(value)) + 0.5;
      pen.strokeStyle = this.ink(value === 0 ? 'axis' : 'grid');
      pen.beginPath();
      pen.moveTo(box.left, y);
      pen.lineTo(box.right, y);
      pen.stroke();
      pen.fillStyle = this.ink('soft');
      pen.textAlign = 'right';
      pen.fillText(spec.format(value), box.left - 6, y);
    }
    pen.textAlign = 'center';
    for (let ms = Math.ceil(from / every) * every; ms <= view.to; ms += every) {
      pen.fillText(view.time(ms), Math.min(Math.max(this.x(ms), box.left + 14), box.right - 22), box.down + 12);
    }
    if (spec.goal) {
      pen.strokeStyle = this.ink('soft');
      pen.setLineDash([1, 4]);
      pen.beginPath();
      pen.moveTo(box.left, this.y(spec.goal));
      pen.lineTo(box.right, this.y(spec.goal));
      pen.stroke();
    }
  }

  drawMarks(history, view) {
    const {pen, box} = this;
    let free = box.left;
    for (const mark of history.marks) {
      const x = this.x(mark.x), word = view.word(mark.word), width = pen.measureText(word).width + 8;
      if (x < box.left) continue;
      this.rule(x, 'soft', [3, 3]);
      const at = Math.min(x + 4, box.right - width);
      if (at < free) continue;
      pen.fillStyle = this.ink('soft');
      pen.textAlign = 'left';
      pen.fillText(word, at, box.up - 6);
      free = at + width;
    }
  }

  drawLine(samples, figure, index) {
    const {pen} = this;
    let before = null;
    pen.strokeStyle = pen.fillStyle = this.ink(`line-${index}`);
    pen.lineWidth = 2;
    pen.lineJoin = 'round';
    pen.setLineDash(DASHES[index]);
    pen.beginPath();
    for (const sample of samples) {
      const x = this.x(sample.x), value = sample[figure];
      if (value !== null && x >= this.box.left) {
        if (before && sample.x - before.x <= GAP_MS) pen.lineTo(x, this.y(value));
        else pen.moveTo(x, this.y(value));
      }
      before = value !== null && x >= this.box.left ? sample : null;
    }
    pen.stroke();
    if (before) pen.fillRect(this.x(before.x) - 2, this.y(before[figure]) - 2, 4, 4);
  }
}
