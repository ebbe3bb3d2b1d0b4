'use strict';
// The waiting page: joins, asks when it is told to ask, and enters when the turn has come. What it says is in words.js; what
// comes from outside is never more than text.

const query = new URLSearchParams(location.search);
const eventName = (query.get('event') || '').slice(0, 64);
const $ = id => document.getElementById(id);

// --- What the browser keeps: a record for each event. Of all tabs one asks, and the others show the answer.

const RECORD = 'waitq:' + eventName;
let mine = {};
let shown = 0; // mine.at, when we looked: a later one is another tab's

function stored() {
  try {
    return JSON.parse(localStorage.getItem(RECORD));
  } catch {
    return null; // no storage: the place lasts as long as this page
  }
}

function keep(changes) {
  mine = Object.assign(stored() || mine, changes); // another tab may have left meanwhile
  try {
    localStorage.setItem(RECORD, JSON.stringify(mine));
  } catch {}
}

function forget(over) {
  keep({token: '', status: null, pass: '', over});
}

// --- Calls.

let ahead = 0; // of the server's clock, in ms, where that is more than a Date header can tell

async function ask(path, body, headers) {
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), 15000);
  try {
    const reply = await fetch('/api/v1/queue' + path, {
      method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal: stop.signal});
    const off = Date.parse(reply.headers.get('date')) + 500 - Date.now();
    ahead = Math.abs(off) > 2000 ? off : 0;
    const json = await reply.json();
    return reply.ok ? json : {failed: reply.status, code: json.error.code, after: json.error.retry_after_ms || 0};
  } catch {
    return null; // not reached, or answered by something in between
  } finally {
    clearTimeout(limit);
  }
}

// --- What happens next. A step does one thing, and says in how many ms the next is due, if any is.

let timer, isBusy = false, isForced = false;
let failures = 0, trouble = '', refusal = ''; // why there is no answer, or no place
let againAt = 0; // when we ask again
let doorAt = 0; // when we try the door

async function step() {
  clearTimeout(timer);
  if (isBusy) return;
  isBusy = true;
  mine = stored() || mine;
  const ms = await act().catch(unreached);
  isBusy = false;
  render();
  if (ms !== undefined) timer = setTimeout(step, ms);
}

async function act() {
  const mayShow = !isForced && mine.at !== shown && mine.status && mine.due > Date.now();
  isForced = false;
  if (!eventName || mine.over) return;
  if (mine.pass) return inside();
  if (!mine.token) return join();
  if (mayEnter() && Date.now() >= doorAt) return enter();
  if (!mayShow) return poll();
  shown = mine.at;
  settle();
  return mine.due - shown + Math.random() * 500;
}

function later(ms) {
  againAt = Date.now() + ms;
  return ms;
}

// Spread: those who are refused, or cannot reach us, must not come back all at once.
function unreached() {
  trouble = navigator.onLine === false ? 'offline' : 'unreachable';
  return later(Math.min(30000, 500 * 2 ** ++failures) * (0.5 + Math.random() / 2));
}

function refused(reply, ms) {
  trouble = reply.code === 'RATE_LIMITED' ? 'limited' : 'trouble';
  return later(Math.max(ms, reply.after) * (1 + Math.random() / 4));
}

function settle() {
  failures = 0;
  trouble = refusal = '';
}

async function join() {
  if (!mine.key) keep({key: Array.from(crypto.getRandomValues(new Uint32Array(4)), n => n.toString(36)).join('-')});
  const reply = await ask('/join', {event_id: eventName}, {'Idempotency-Key': mine.key});
  if (!reply) return unreached();
  settle();
  if (reply.failed === 400) {
    refusal = 'wrong';
    return;
  }
  if (reply.failed) {
    refusal = {QUEUE_FULL: 'full', QUEUE_DRAINING: 'draining', QUEUE_CLOSED: 'closed'}[reply.code] || '';
    return refused(reply, refusal && refusal !== 'full' ? 5000 : 1000);
  }
  const position = reply.position_hint;
  keep({token: reply.waiting_token, status: null, position, first: position, come: 0, at: Date.now()});
  return position && 100 + Math.random() * 700; // the estimate may follow; a turn that is there must not wait
}

async function poll() {
  const {token} = mine, reply = await ask('/status?token=' + encodeURIComponent(token));
  mine = stored() || mine;
  if (token !== mine.token) return 0; // left meanwhile, here or in another tab
  if (!reply) return unreached();
  if (reply.failed === 404) return forget('gone');
  if (reply.failed) return refused(reply, 1000);
  settle();
  if (reply.state === 'expired') return forget('expired');
  const position = reply.position || mine.position;
  const first = Math.max(mine.first, position);
  const come = mayEnter(reply) ? 1 : Math.max(mine.come, first && 1 - position / first); // never back
  const silence = reply.heartbeat_ttl_ms || mine.silence;
  shown = Date.now();
  keep({status: reply, position, first, come, silence, at: shown, due: shown + reply.next_poll_ms});
  return mayEnter() ? Math.max(0, doorAt - shown) : reply.next_poll_ms * (1 + Math.random() / 10);
}

// Nobody is let in while an event is paused or closed.
function mayEnter(status = mine.status) {
  return !!status && status.ready_for_entry && status.phase !== 'paused' && status.phase !== 'closed';
}

// Entering again gives the same pass: two tabs may do it, and a reply may be lost.
async function enter() {
  const reply = await ask('/enter', {waiting_token: mine.token});
  if (mine.over) return; // left meanwhile
  if (!reply) return unreached();
  settle();
  if (!reply.failed) {
    keep({pass: reply.reservation_token, passUntil: Date.now() + reply.ttl_sec * 1000});
    return inside();
  }
  if (reply.failed === 404) return forget(reply.code === 'TOKEN_EXPIRED' ? 'expired' : 'gone');
  if (reply.code !== 'NOT_READY') return refused(reply, 1000);
  const wasRefused = doorAt, wait = reply.after || 1000;
  doorAt = Date.now() + wait; // an instant of our own: not before it, and not after
  return wasRefused ? poll() : Math.min(wait, 10000); // it may be paused by now
}

function inside() {
  const left = mine.passUntil - Date.now(), to = target();
  if (left <= 0) return forget('over');
  if (to) {
    const url = new URL(to, location), secure = location.protocol === 'https:' ? '; secure' : '';
    document.cookie = `waitq_${eventName}=${mine.pass}; path=/; samesite=lax; max-age=${Math.ceil(left / 1000)}${secure}`;
    if (url.origin !== location.origin) url.searchParams.set('reservation_token', mine.pass); // no cookie goes there
    location.replace(url);
  }
  return Math.min(left, 1e9);
}

// Where to go with the pass. Anybody can make an address, so what it says has to be a path of ours.
function target() {
  const path = query.get('return') || '';
  try {
    const url = new URL(path, location.origin);
    if (path[0] === '/' && url.origin === location.origin) return url.href;
  } catch {}
  return document.documentElement.dataset.target;
}

function leave() {
  const path = '/api/v1/queue/leave?token=' + encodeURIComponent(mine.token);
  $('ask').close();
  forget('left'); // at once: whatever becomes of the call, nobody asks for this place any more
  fetch(path, {method: 'POST', keepalive: true}).catch(() => {});
  begin();
}

// What is said has to be there when it gets the focus.
function begin() {
  step();
  render();
  $('head').focus();
}

// --- Words.

const tags = navigator.languages || [];
const stem = tag => tag.slice(0, 2).toLowerCase();
let words, locale;

function speak(language) {
  words = WORDS[language];
  locale = tags.find(tag => stem(tag) === language) || language;
  document.documentElement.lang = language;
  $('bar').setAttribute('aria-label', words.progress);
  for (const element of document.querySelectorAll('[data-say]')) element.textContent = words[element.dataset.say];
  $('languages').replaceChildren(...Object.keys(WORDS).filter(other => other !== language).map(other => {
    const button = document.createElement('button');
    button.lang = other;
    button.textContent = WORDS[other].name;
    button.onclick = () => {
      $('said').textContent = '';
      query.set('lang', other);
      history.replaceState(null, '', '?' + query);
      speak(other);
      render();
      $('languages').firstChild.focus();
    };
    return button;
  }));
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const number = n => n.toLocaleString(locale);
const unit = (n, name) => new Intl.NumberFormat(locale, {style: 'unit', unit: name, unitDisplay: 'long'}).format(n);
const plural = (forms, n) => fill(forms[n] || forms[new Intl.PluralRules(locale).select(n)] || forms.other, {n: number(n)});

// In steps of 5 s, a minute, or ten minutes.
const grain = seconds => seconds < 90 ? 5 : seconds < 5400 ? 60 : 600;

function span(seconds, step = grain(seconds)) {
  const rounded = Math.max(step, Math.round(seconds / step) * step);
  if (step === 5) return unit(rounded, 'second');
  const minutes = rounded / 60, hours = step === 60 ? 0 : Math.floor(minutes / 60), rest = minutes - 60 * hours;
  return [hours && unit(hours, 'hour'), rest && unit(rest, 'minute')].filter(Boolean).join(' ');
}

// Rounded down and up, so that the truth stays inside.
function range(low, high) {
  const step = grain(high), from = Math.floor(low / step) * step, to = Math.max(step, Math.ceil(high / step) * step);
  const values = {low: span(from, step), high: span(to, step)};
  values.a = step === 600 ? values.low : number(step === 5 ? from : from / 60);
  return fill(from <= 0 ? words.under : from === to ? words.about : words.between, values);
}

function clock(ms) {
  const at = new Date(ms), format = {hour: 'numeric', minute: '2-digit'};
  if (at.toDateString() !== new Date().toDateString()) Object.assign(format, {weekday: 'short', day: 'numeric', month: 'short'});
  return at > 0 ? at.toLocaleString(locale, format) : '';
}

function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000)), hours = Math.floor(seconds / 3600);
  const rest = [Math.floor(seconds / 60) % 60, seconds % 60].map(n => String(n).padStart(2, '0')).join(':');
  return hours ? hours + ':' + rest : rest;
}

// --- The page.

function view() {
  if (!eventName) return 'none';
  if (mine.over) return mine.over;
  if (mine.pass) return 'in';
  if (!mine.token) return refusal || (failures !== 1 && trouble) || 'joining';
  if (!mine.position && !mine.status) return 'joining';
  if (mayEnter()) return 'turn';
  return mine.status && mine.status.phase === 'scheduled' ? 'scheduled' : 'waiting';
}

// What is out of the ordinary while somebody has a place. One reply that went astray is not.
function noticeOf(status) {
  const isLost = failures > 1 && Date.now() > mine.at + mine.silence;
  if (trouble && failures !== 1) return isLost ? 'lost' : trouble;
  if (!status) return '';
  if (['paused', 'closed', 'draining'].includes(status.phase)) return status.phase;
  return {stalled: 'stalled', restored: 'restored', rate_zero: 'paused'}[status.reason] || '';
}

function put(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

let ticker;

function render() {
  const now = view(), status = mine.status, hasPlace = now === 'waiting' || now === 'scheduled';
  const notice = hasPlace || now === 'turn' ? noticeOf(status) : '';
  const goesOn = status && status.goes_on_at_ms ? status.goes_on_at_ms - ahead : 0;
  const wait = (now === 'turn' ? doorAt : againAt) - Date.now(), to = target(), texts = words.texts;
  const values = {
    time: clock(goesOn), left: countdown(goesOn - Date.now()), until: clock(mine.at + mine.silence),
    again: wait < 1500 ? words.soon : fill(words.inSpan, {span: span(wait / 1000)}),
  };
  let text = texts[now === 'draining' ? 'closed' : now] || (refusal || (trouble && !mine.token) ? texts.retry : '');
  if (now === 'turn' && wait > 1500) text = texts.door;
  if (now === 'in' && to) text = texts.turn;
  if (now === 'scheduled' && !goesOn) text = '';
  const what = notice === 'paused' && goesOn > Date.now() ? 'pausedUntil' : notice;
  const away = mine.silence ? words.notices.unreachable : texts.retry;
  const why = notice && (words.notices[what] || away);
  put('event', eventName);
  put('head', words.heads[now]);
  put('text', fill(text, values));
  put('countdown', now === 'in' && !to ? countdown(mine.passUntil - Date.now()) : now === 'scheduled' && goesOn ? values.left : '');
  $('place').hidden = !hasPlace;
  if (hasPlace) place(status, notice);
  $('notice').hidden = !notice;
  put('what', notice && (words.heads[notice] || words.heads.unreachable));
  put('why', fill(why, values));
  put('kept', kept(now, status, hasPlace && !(notice && trouble))); // until when, the notice says
  $('again').hidden = !['expired', 'gone', 'left', 'over'].includes(now);
  $('leave').hidden = !hasPlace && now !== 'turn';
  if ($('leave').hidden) $('ask').close();
  document.title = (hasPlace ? number(mine.position) : words.heads[now]) + (eventName && ' · ' + eventName);
  say(now, notice, hasPlace);
  clearTimeout(ticker);
  if (!$('countdown').hidden || /\{(left|again)\}/.test(text + why)) ticker = setTimeout(render, 1000);
}

function kept(now, status, hasPlace) {
  const by = status && status.enter_by_ms - ahead;
  if (now === 'turn') return by > Date.now() ? fill(words.keptTurn, {time: clock(by)}) : '';
  if (!hasPlace || !mine.silence) return '';
  // A browser lets a page in the background run once a minute.
  return fill(mine.silence < 180000 ? words.keptShort : words.kept, {span: span(mine.silence / 1000)});
}

function place(status, notice) {
  const isOld = notice && [trouble, 'lost', 'stalled'].includes(notice);
  const isKnown = status && status.eta_sec >= 0 && !isOld;
  const sure = isKnown && (status.confidence >= 0.8 ? 2 : status.confidence >= 0.5 ? 1 : 0);
  $('place').className = isOld ? 'old' : '';
  put('position', number(mine.position));
  put('behind', status ? plural(words.behind, status.behind) : '');
  put('range', isKnown ? range(status.eta_low_sec, Math.max(status.eta_high_sec, status.eta_sec)) : status ? words.unknown : '…');
  put('sure', isKnown ? words.sure[sure] : trouble || !status ? '' : /paused|closed|stalled/.test(notice) ? words.standing : words.unknownWhy);
  put('clock', isKnown ? fill(words.around, {time: clock(mine.at + status.eta_sec * 1000)}) : status ? words.unknown : '…');
  $('bar').value = Math.round(mine.come * 1000);
}

// --- What a screen reader is told: what has happened, at once; where one stands, each half minute.

let saidView = 'joining', saidNotice = '', saidPosition = 0, saidAt = 0;

function say(now, notice, hasPlace) {
  if (now === 'joining' || (now === 'waiting' && !mine.status)) return;
  const isNew = now !== saidView, isNews = isNew || notice !== saidNotice;
  const isDue = hasPlace && mine.position !== saidPosition && Date.now() - saidAt >= 30000;
  if (!isNews && !isDue) return;
  const text = id => $(id).textContent;
  $('said').textContent = [
    isNew && text('head') + '. ' + text('text'),
    isNews && notice && text('what') + '. ' + text('why'),
    hasPlace && fill(words.said, {n: text('position'), range: text('range')}),
  ].filter(Boolean).join(' ');
  [saidView, saidNotice, saidPosition, saidAt] = [now, notice, mine.position, Date.now()];
}

// --- What the visitor does, and the browser.

$('leave').onclick = () => $('ask').showModal();
$('stay').onclick = () => $('ask').close();
$('really').onclick = leave;
$('again').onclick = () => {
  forget('');
  begin();
};

function wake() {
  if (document.hidden || Date.now() - mine.at < 1000) return;
  isForced = true;
  step();
}

for (const name of ['online', 'offline', 'pageshow']) addEventListener(name, wake);
document.addEventListener('visibilitychange', wake);
addEventListener('storage', event => event.key === RECORD && step());

// Nothing is called when the page closes: a reload looks the same, and must not cost the place.

mine = stored() || {};
// Who comes anew joins anew; who reloads a page that said it is over reads it again.
const isReload = performance.getEntriesByType('navigation').some(entry => entry.type !== 'navigate');
if (!isReload && (mine.over || mine.passUntil < Date.now() || mine.at + mine.silence + 36e5 < Date.now())) forget('');
speak([query.get('lang') || '', ...tags].map(stem).find(tag => Object.hasOwn(WORDS, tag)) || 'en');
render();
step();
