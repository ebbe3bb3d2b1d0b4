/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
'use strict';

/* The operator page: asks for the figures once a second, shows them, and passes on orders. */

const KEY = 'waitq-admin-token', LOG = 'waitq-admin-log', TIMEOUT_MS = 8000, MANY = 50;
const $ = id => document.getElementById(id), all = selector => document.querySelectorAll(selector);
const query = new URLSearchParams(location.search);
const events = new Map(); /* by name: {latest, history, heard: when it was last told of, row} */
let language = [query.get('lang'), ...navigator.languages].map(tag => (tag || '').slice(0, 2)).find(tag => WORDS[tag]) || 'en';
let token = sessionStorage.getItem(KEY), chosen = query.get('event'), latest = null;
let offset = 0, skew = 0, heardAt = 0, storeLostAt = 0, hurry = 0, failures = 0, failure = '', timer = 0, round = 0, asking = false;

/* --- words and numbers */

const say = (key, values = {}) => (WORDS[language][key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const intl = (kind, options) => new Intl[kind](language, options);
let clock, minute, whole, tenths, share, compact, digits;

function setFormats() {
  clock = intl('DateTimeFormat', {timeStyle: 'medium', hourCycle: 'h23'});
  minute = intl('DateTimeFormat', {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
  whole = intl('NumberFormat', {maximumFractionDigits: 0});
  tenths = intl('NumberFormat', {maximumFractionDigits: 1});
  share = intl('NumberFormat', {style: 'percent', maximumFractionDigits: 1});
  digits = intl('NumberFormat', {maximumSignificantDigits: 4});
  compact = intl('NumberFormat', {notation: 'compact', maximumSignificantDigits: 3});
}

const show = (format, value) => value === null || value === undefined ? '–' : format.format(value);
const rateText = value => digits.format(value);
const now = () => Date.now() + offset;

/* 75000 ms: "1 min, 15 sec" */
function span(ms) {
  let rest = Math.max(0, Math.round(ms / 1000));
  const parts = [];
  for (const [unit, seconds] of [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]]) {
    const count = Math.floor(rest / seconds);
    if (count && parts.length < 2) parts.push(intl('NumberFormat', {style: 'unit', unit, unitDisplay: 'short'}).format(count));
    rest %= seconds;
  }
  return parts.join(' ') || intl('NumberFormat', {style: 'unit', unit: 'second', unitDisplay: 'short'}).format(0);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function hide(id, isHidden) {
  if ($(id).hidden !== isHidden) $(id).hidden = isHidden;
}

function make(tag, into, text = '', className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  into.append(element);
  return element;
}

function timeText(ms) {
  const isToday = new Date(ms).toDateString() === new Date(now()).toDateString();
  return isToday ? clock.format(ms) : intl('DateTimeFormat', {dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23'}).format(ms);
}

/* --- the gateway */

async function ask(path, body) {
  const control = new AbortController(), limit = setTimeout(() => control.abort(), TIMEOUT_MS);
  const answer = {status: 0, json: null, error: null};
  try {
    const response = await fetch(`/api/v1/admin/${path}`, {
      method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), cache: 'no-store', credentials: 'omit',
      redirect: 'error', signal: control.signal, headers: {Authorization: `Bearer ${token}`},
    });
    answer.status = response.status;
    answer.json = JSON.parse(await response.text());
    answer.error = answer.json.error || null;
  } catch (problem) {
    answer.error = {message: answer.status ? `HTTP ${answer.status}` : say(control.signal.aborted ? 'no_reply' : 'no_network')};
  }
  clearTimeout(limit);
  return answer;
}

const isGood = answer => answer.status === 200 && answer.json && !answer.error;
const errorText = error => error.trace_id ? `${error.message} (${error.code}, ${say('trace', {id: error.trace_id})})` : error.message;

async function poll() {
  if (asking || !token) return;
  clearTimeout(timer);
  asking = true;
  /* Where there are many events, all of them are asked for now and then only. */
  const isOne = events.size > MANY && chosen && round++ % 10 !== 0;
  const answer = await ask(isOne ? `stats?event_id=${encodeURIComponent(chosen)}` : 'stats');
  asking = false;
  if (!token) return;
  if (answer.status === 401) return signOut(say('token_refused'));
  if (isGood(answer)) take(answer.json, isOne);
  else failures++, failure = errorText(answer.error);
  render();
  timer = setTimeout(poll, hurry-- > 0 ? 300 : Math.min(1000 * 2 ** Math.max(0, failures - 1), 5000));
}

function take(reply, isOne) {
  if (failures > 0) put($('said'), say('well_again'));
  offset = reply.now_ms - Date.now();
  if (Math.abs(offset - skew) > 2000) skew = offset;
  failures = 0;
  heardAt = reply.now_ms;
  latest = reply;
  for (const event of reply.events) {
    const known = events.get(event.event_id) || {history: new History(), row: null};
    if (known.latest && known.latest.phase !== event.phase && event.event_id === chosen) {
      put($('said'), say('said_phase', {event: chosen, phase: say(event.phase)}));
    }
    known.history.add(event, reply);
    events.set(event.event_id, Object.assign(known, {latest: event, heard: reply.now_ms}));
  }
  /* One of several gateways may not know an event that another knows; one that none knows goes after a minute. */
  for (const [name, event] of events) {
    if (!isOne && name !== chosen && event.heard < reply.now_ms - 60000) {
      event.row?.remove();
      events.delete(name);
    }
  }
  if (!events.has(chosen) && events.size === 1) choose(events.keys().next().value);
}

/* --- signing in */

function signOut(why = '') {
  token = null;
  sessionStorage.removeItem(KEY);
  clearTimeout(timer);
  events.forEach(event => event.row?.remove());
  events.clear();
  if ($('ask').open) $('ask').close();
  put($('refusal'), why);
  showSide();
  $('token').focus();
}

function showSide() {
  $('entrance').hidden = Boolean(token);
  for (const id of ['desk', 'link', 'sign-out']) $(id).hidden = !token;
  if (!token) $('alarm').hidden = true;
}

async function signIn() {
  const given = $('token').value.trim();
  if (!/^[\x20-\x7e]+$/.test(given)) return put($('refusal'), say('token_odd'));
  put($('refusal'), say('working'));
  token = given;
  const answer = await ask('stats');
  if (!isGood(answer)) return signOut(answer.status === 401 ? say('token_refused') : errorText(answer.error));
  sessionStorage.setItem(KEY, given);
  $('token').value = '';
  put($('refusal'), '');
  failures = 0;
  take(answer.json);
  showSide();
  render();
  $('events-title').focus();
  timer = setTimeout(poll, 1000);
}

/* --- orders */

/* Passes an order on; what came of it is written down. */
async function order(call, body, word, values = {}) {
  const entry = {at: now(), event: chosen, word, values};
  answered(`${say(word, values)}: ${say('working')}`);
  const answer = await ask(call, {event_id: chosen, ...body});
  entry.ok = isGood(answer);
  entry.answer = entry.ok ? '' : answer.status ? errorText(answer.error) : `${answer.error.message}. ${say('unknown')}`;
  answered(`${say(word, values)}: ${entry.answer || say('done')}`, !entry.ok);
  const log = readLog();
  log.unshift(entry);
  sessionStorage.setItem(LOG, JSON.stringify(log.slice(0, 100)));
  renderLog();
  if (answer.status === 401) return signOut(say('token_refused'));
  hurry = 4; /* the gateway looks once a second: what was done is seen soon */
  poll();
}

function readLog() {
  try {
    return JSON.parse(sessionStorage.getItem(LOG)) || [];
  } catch (problem) {
    return [];
  }
}

/* Asks in the page whether that is meant; the event's name has to be typed where so much is lost. */
function confirmed(kind, values, typed) {
  const dialog = $('ask'), form = dialog.querySelector('form'), event = chosen;
  put($('ask-title'), say(`ask_${kind}`, {event, ...values}));
  put($('ask-text'), say(`text_${kind}`, values));
  put($('ask-yes'), say(`yes_${kind}`));
  put($('ask-label'), say('type', {event}));
  $('ask-typed').hidden = !typed;
  $('ask-name').value = '';
  $('ask-yes').disabled = Boolean(typed);
  $('ask-name').oninput = () => { $('ask-yes').disabled = typed && $('ask-name').value !== event; };
  return new Promise(resolve => {
    form.onsubmit = submit => {
      submit.preventDefault();
      if (typed && $('ask-name').value !== event) return;
      dialog.close('yes');
    };
    $('ask-no').onclick = () => dialog.close('no');
    dialog.onclose = () => resolve(dialog.returnValue === 'yes' && chosen === event && Boolean(token));
    dialog.returnValue = 'no';
    dialog.showModal();
    (typed ? $('ask-name') : $('ask-no')).focus();
  });
}

/* The time that was chosen: 0 for now, or for an open end; NaN where it has passed. */
function chosenTime(id) {
  const value = $(`${id}-when`).value;
  if (value !== 'time') return value === '0' ? 0 : Math.round(now() + Number(value) * 60000);
  const ms = new Date($(`${id}-at`).value).getTime();
  return ms > now() ? ms : NaN;
}

function answered(text, isBad = false) {
  put($('answer'), text);
  $('answer').classList.toggle('bad', isBad);
}

const refuse = why => answered(say(why), true);

const waitingNow = () => whole.format(events.get(chosen).latest.waiting);

async function pause() {
  const until = chosenTime('pause');
  if (Number.isNaN(until)) return refuse('past');
  if (until) await order('pause', {until_ms: until}, 'do_pause_until', {time: timeText(until)});
  else await order('pause', {}, 'do_pause');
}

async function resume() {
  const {phase, goes_on_at_ms} = events.get(chosen).latest;
  const values = {n: waitingNow(), when: whenText(goes_on_at_ms)};
  if (phase !== 'scheduled' || await confirmed('open', values)) await order('resume', {}, 'do_resume');
}

async function setRate() {
  const rate = $('rate').valueAsNumber, at = chosenTime('rate'), old = events.get(chosen).latest.rate_per_s;
  if (!(rate >= 0)) return refuse('bad_rate');
  if (Number.isNaN(at)) return refuse('past');
  const values = {rate: rateText(rate), old: rateText(old)};
  if (rate > 2 * old && !await confirmed('rate', values)) return;
  if (at) await order('rate-at', {rate_per_s: rate, at_ms: at}, 'do_rate_at', {...values, time: timeText(at)});
  else await order('rate', {rate_per_s: rate}, 'do_rate', values);
}

async function end(kind) {
  if (await confirmed(kind, {n: waitingNow()}, kind === 'reset')) await order(kind, {}, `do_${kind}`);
}

/* --- what is to be seen */

/* Arrivals by themselves: in the first minutes of a sale nothing else could be seen beside them. */
const CHARTS = {
  arrivals: {lines: ['arrivals'], least: 4, format: value => compact.format(value)},
  flow: {lines: ['turns', 'entries', 'rate'], least: 4, format: value => compact.format(value)},
  line: {lines: ['waiting'], least: 4, format: value => compact.format(value)},
  inside: {lines: ['ready', 'active'], least: 4, format: value => compact.format(value)},
  eta: {lines: ['accuracy', 'coverage'], most: 1, goal: 0.9, format: value => share.format(value), empty: 'no_scores'},
  age: {lines: ['age'], least: 2, format: value => compact.format(value)},
};
const FIGURES = {arrivals: 'arrivals_s', turns: 'turns_s', entries: 'entries_s', rate: 'rate_s', waiting: 'waiting', ready: 'ready',
  active: 'active', accuracy: 'eta_accuracy', coverage: 'eta_coverage', age: 'store_age'};
const WHOLE = ['waiting', 'ready', 'active'];
const formatOf = figure => ['accuracy', 'coverage'].includes(figure) ? share : WHOLE.includes(figure) ? whole : tenths;

function whenText(ms) {
  return say('when_in', {time: timeText(ms), span: span(ms - now())});
}

function phaseText({phase, rate_per_s, goes_on_at_ms}) {
  const kind = phase === 'open' && rate_per_s === 0 ? 'open_zero' : phase === 'paused' && goes_on_at_ms ? 'paused_until' : phase;
  return say(`says_${kind}`, {rate: rateText(rate_per_s), when: whenText(goes_on_at_ms)});
}

function badge(element, phase) {
  put(element, say(phase));
  element.dataset.phase = phase;
}

function makeRow(name) {
  const row = document.createElement('tr'), head = make('th', row);
  head.scope = 'row';
  make('button', head, name, 'pick').onclick = () => choose(name);
  make('span', make('td', row), '', 'phase');
  for (const kind of ['', 'wide', 'wide', 'wide', '', 'wide']) make('td', row, '', kind);
  const after = [...$('events').tBodies[0].rows].find(other => other.dataset.name > name);
  $('events').tBodies[0].insertBefore(row, after || null);
  row.dataset.name = name;
  return row;
}

function renderRow(name, event) {
  const {latest: figures, history} = event, row = event.row ||= makeRow(name), cells = [...row.cells];
  badge(cells[1].firstChild, figures.phase);
  [show(whole, figures.waiting), show(whole, figures.ready), show(whole, figures.active), show(tenths, history.mean('arrivals', heardAt, 10000)),
    show(tenths, history.mean('entries', heardAt, 10000)), rateText(figures.rate_per_s)].forEach((text, i) => put(cells[i + 2], text));
  cells[0].firstChild.setAttribute('aria-pressed', name === chosen);
  row.classList.toggle('stale', figures.age_ms > STALE_MS || failures > 0 || event.heard < heardAt - 15000);
  row.hidden = !$('filter').hidden && !name.includes($('filter').value);
}

function renderAlarm() {
  const event = events.get(chosen), since = timeText(heardAt);
  put($('link'), failures ? say('lost', {time: since}) : say('live', {time: since, gateway: latest?.gateway || ''}));
  $('link').classList.toggle('bad', failures > 0);
  const isStale = event && event.latest.age_ms > STALE_MS, isOff = Math.abs(skew) > 5000;
  storeLostAt = isStale ? storeLostAt || heardAt - event.latest.age_ms : 0;
  const text = failures ? say('alarm_lost', {time: since, why: failure})
    : isStale ? say('alarm_store', {event: chosen, time: timeText(storeLostAt)})
      : event && event.heard < heardAt - 5000 ? say('alarm_missing', {event: chosen, time: timeText(event.heard)})
        : latest?.draining ? say('alarm_draining') : isOff ? say('alarm_clock', {n: whole.format(Math.abs(skew) / 1000)}) : '';
  /* Nothing in it that changes with each second: a screen reader reads it all, each time. */
  hide('alarm', !text);
  put($('alarm'), text);
}

function renderFigures(event, sample, x) {
  const {history} = event;
  for (const [figure, word] of Object.entries(FIGURES)) {
    const id = `figure-${figure}`, format = formatOf(figure), values = history.values(figure, x, SPAN_MS);
    const row = $(id) || make('tr', $('figures').tBodies[0]);
    if (!row.id) {
      row.id = id;
      make('th', row).scope = 'row';
      for (const kind of ['', '', 'wide', 'wide']) make('td', row, '', kind);
    }
    [say(word), show(format, sample && sample[figure]), show(format, history.mean(figure, x, 60000)),
      show(format, values.length ? Math.min(...values) : null), show(format, values.length ? Math.max(...values) : null),
    ].forEach((text, i) => put(row.cells[i], text));
  }
  const {issued, entered, left, expired, epoch, tokens, eta, memory_bytes} = event.latest;
  facts($('totals'), {joined: issued, entered, left, expired, epoch: String(epoch), tokens, scored: eta.scored, memory: memory_bytes / 1e6, connections: latest.connections});
}

function facts(list, values) {
  const kept = new Map([...list.children].map(item => [item.dataset.name, item]));
  for (const [name, value] of Object.entries(values)) {
    const item = kept.get(name) || make('div', list);
    if (!item.dataset.name) item.dataset.name = name, make('dt', item), make('dd', item);
    put(item.firstChild, say(name));
    put(item.lastChild, typeof value === 'number' ? (name === 'bad_ratio' ? share : tenths).format(value) : value);
  }
}

function makeCharts() {
  for (const [id, spec] of Object.entries(CHARTS)) {
    const figure = make('figure', $('charts'), '', 'card'), caption = make('figcaption', figure);
    make('h3', caption);
    const legend = make('ul', caption);
    spec.lines.forEach((name, i) => {
      const item = make('li', legend), space = 'http://www.w3.org/2000/svg', swatch = document.createElementNS(space, 'svg');
      swatch.setAttribute('viewBox', '0 0 28 6');
      swatch.setAttribute('aria-hidden', 'true');
      swatch.setAttribute('class', `swatch line-${i}`);
      swatch.append(document.createElementNS(space, 'path'));
      swatch.firstChild.setAttribute('d', 'M0 3h28');
      swatch.firstChild.setAttribute('stroke-dasharray', DASHES[i].join(' '));
      item.append(swatch);
      make('span', item);
      make('b', item);
    });
    make('p', figure, '', 'empty note');
    const canvas = make('canvas', figure);
    canvas.id = `chart-${id}`;
    canvas.setAttribute('role', 'img');
    canvas.onpointermove = move => {
      const chart = spec.chart, part = (move.offsetX - chart.box.left) / (chart.box.right - chart.box.left);
      $('back').value = Math.round((part - 1) * -$('back').min);
      renderChosen();
    };
    canvas.onpointerleave = () => { $('back').value = 0; renderChosen(); };
    Object.assign(spec, {figure, chart: new Chart(canvas, spec)});
  }
}

function renderCharts(event, sample, view) {
  for (const [id, spec] of Object.entries(CHARTS)) {
    const title = say(`chart_${id}`), {figure, chart} = spec;
    put(figure.querySelector('h3'), title);
    const texts = spec.lines.map((name, i) => {
      const text = show(formatOf(name), sample && sample[name]), item = figure.querySelectorAll('li')[i];
      put(item.children[1], spec.lines.length > 1 ? say(name) : '');
      put(item.children[2], text);
      return `${say(name)} ${text}`;
    });
    chart.canvas.setAttribute('aria-label', say('chart_label', {title, figures: texts.join(', ')}));
    const isEmpty = event.history.samples.filter(one => spec.lines.some(name => one[name] !== null)).length < (spec.empty ? 1 : 2);
    put(figure.querySelector('.empty'), isEmpty ? say(spec.empty || 'begin') : '');
    chart.draw(event.history, view);
  }
}

function renderChosen() {
  const event = events.get(chosen);
  $('chosen').hidden = !event;
  if (!event) return;
  const {latest: figures, history} = event, back = Number($('back').value), to = Math.max(now(), heardAt), x = to + back * 1000, span_ms = history.span(to);
  const sample = back ? history.at(x) : failures ? null : history.samples.at(-1);
  const view = {to, span: span_ms, cursor: x, time: ms => (span_ms < 300000 ? clock : minute).format(ms), word: say};
  $('back').min = -span_ms / 1000;
  $('chosen').classList.toggle('stale', failures > 0 || figures.age_ms > STALE_MS || event.heard < heardAt - 5000);
  put($('event-name'), chosen);
  for (const element of all('[data-event]')) put(element, chosen);
  badge($('event-phase'), figures.phase);
  put($('event-says'), phaseText(figures));
  const tiles = {waiting: whole.format(figures.waiting), ready: whole.format(figures.ready), active: whole.format(figures.active), arrivals: show(tenths, history.mean('arrivals', heardAt, 10000)),
    entries: show(tenths, history.mean('entries', heardAt, 10000)), rate: rateText(figures.rate_per_s)};
  for (const [name, text] of Object.entries(tiles)) put(document.querySelector(`[data-tile=${name}]`), text);
  for (const element of all('[data-limit]')) {
    const most = figures.limits?.[element.dataset.limit];
    put(element, most ? say('of', {n: whole.format(most)}) : '');
  }
  $('health').hidden = !figures.health;
  if (figures.health) facts($('health'), {...figures.health, state: say(`health_${figures.health.state}`)});
  renderControls(figures);
  const when = back ? say('back_at', {time: clock.format(x), span: span(-back * 1000)}) : say('back_now');
  put($('back-at'), when);
  $('back').setAttribute('aria-valuetext', when);
  put($('at-column'), when);
  renderCharts(event, sample, view);
  renderFigures(event, sample, x);
}

function renderControls({phase, rate_per_s}) {
  const words = {scheduled: 'open_now', paused: 'resume', draining: 'open_again', closed: 'open_again'};
  $('pause').disabled = phase === 'closed';
  $('pause').classList.toggle('main', phase !== 'paused');
  $('resume').hidden = phase === 'open';
  $('drain').disabled = phase === 'draining';
  $('close').disabled = phase === 'closed';
  put($('resume'), say(words[phase] || 'resume'));
  $('rate').placeholder = rateText(rate_per_s);
}

function renderLog() {
  const log = readLog();
  $('no-log').hidden = log.length > 0;
  $('log').replaceChildren(...log.map(entry => {
    const item = document.createElement('li');
    make('time', item, clock.format(entry.at));
    make('b', item, entry.event);
    make('span', item, say(entry.word, entry.values));
    make('span', item, entry.answer || say('done'), entry.ok ? 'good' : 'bad');
    return item;
  }));
}

function render() {
  if (!token) return;
  $('filter').hidden = events.size < 9;
  $('no-events').hidden = events.size > 0;
  for (const [name, event] of events) renderRow(name, event);
  renderAlarm();
  renderChosen();
}

function choose(name) {
  chosen = name;
  answered('');
  $('rate').value = '';
  remember('event', name);
  if (events.has(name)) render();
}

function remember(name, value) {
  query.set(name, value);
  history.replaceState(null, '', `?${query}`);
}

function setLanguage(tag) {
  language = tag;
  document.documentElement.lang = tag;
  setFormats();
  document.title = say('title');
  for (const element of all('[data-t]')) put(element, say(element.dataset.t));
  for (const element of all('[data-t-label]')) element.setAttribute('aria-label', say(element.dataset.tLabel));
  $('filter').placeholder = say('filter');
  const from = minutes => intl('RelativeTimeFormat').format(minutes, 'minute');
  makeChoices($('pause-when'), 'until_resume', minutes => span(minutes * 60000), 'until_time');
  makeChoices($('rate-when'), 'now', from, 'at_time');
  answered('');
  put($('language'), tag === 'ko' ? 'English' : '한국어');
  $('language').lang = tag === 'ko' ? 'en' : 'ko';
  renderLog();
  render();
}

function makeChoices(select, first, middle, last) {
  const value = select.value || '0';
  select.replaceChildren();
  make('option', select, say(first)).value = '0';
  for (const minutes of [5, 15, 60]) make('option', select, middle(minutes)).value = minutes;
  make('option', select, say(last)).value = 'time';
  select.value = value;
}

function onSubmit(id, act) {
  $(id).onsubmit = submit => {
    submit.preventDefault();
    act();
  };
}

function begin() {
  makeCharts();
  onSubmit('sign-in', signIn);
  onSubmit('pause-form', pause);
  onSubmit('rate-form', setRate);
  $('resume').onclick = resume;
  for (const kind of ['drain', 'close', 'reset']) $(kind).onclick = () => end(kind);
  $('sign-out').onclick = () => signOut();
  $('language').onclick = () => {
    setLanguage(language === 'ko' ? 'en' : 'ko');
    remember('lang', language);
  };
  $('back').oninput = $('filter').oninput = render;
  for (const id of ['pause', 'rate']) {
    $(`${id}-when`).onchange = () => { $(`${id}-at`).hidden = $(`${id}-when`).value !== 'time'; };
  }
  addEventListener('resize', renderChosen);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', renderChosen);
  document.addEventListener('visibilitychange', () => document.hidden || poll());
  addEventListener('online', poll);
  setLanguage(language);
  showSide();
  poll();
}

begin();
