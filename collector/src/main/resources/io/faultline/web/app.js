'use strict';
// The page asks /api/v1 once and then follows /api/v1/stream; times are shown in the viewer's zone.

const HISTORY_MAX = 3600;
const WINDOW_S = 300;
const REFRESH_MS = 900;
let history = null;
let charts = [];
let lastPointMs = 0;

// ---- now ----

function showNow(now) {
  const p = now.point || {};
  if (now.devices) showRates(now, p);
  const b = now.balance;
  $('light').className = `light ${b.complete ? 'good' : 'bad'}`;
  $('state-text').textContent = b.complete ? 'complete' : `${number(b.lost)} of ${number(b.hits)} hits lost`;
  $('state').title = b.complete ? 'No event was lost since the start.' : 'What is shown is not all that happened; totals are exact.';
  $('firing').hidden = !now.firing;
  $('firing').textContent = now.firing;
  if (history && p.time_ms > lastPointMs) {
    lastPointMs = p.time_ms;
    for (const [name, column] of Object.entries(history)) {
      column.push(p[name]);
      if (column.length > HISTORY_MAX) column.shift();
    }
    drawCharts();
  }
}

function showRates(now, p) {
  const figures = [
    ['Operations / s', number(p.operations || 0)],
    ['Retries / s', number(p.retries || 0)],
    ['Lost to retries', `${duration(p.retry_ns || 0)}/s`],
    ['Lock waits / s', number(p.lock_waits || 0)],
    ['Lost to lock waits', `${duration(p.lock_wait_ns || 0)}/s`],
    ['Direct I/O', `${bytes(p.bytes || 0)}/s`],
    ['In flight for > 1 s', number(now.in_flight)],
  ];
  const list = $('figures');
  if (!list.children.length) {
    for (const [name] of figures) {
      const box = element('div');
      box.append(element('dt', name), element('dd'));
      list.append(box);
    }
    performance.mark('first figures');
  }
  figures.forEach(([, value], i) => { list.children[i].lastChild.textContent = value; });
  $('devices').tBodies[0].replaceChildren(...now.devices.map(d => row([
    [d.fs], [d.dev], [d.rw], [number(d.operations), 'n'], [number(d.attempts), 'n'], [number(d.retries), 'n'],
    [number(d.misses), 'n'], [bytes(d.bytes), 'n'], [duration(d.retry_ns), 'n']])));
  const self = now.agent;
  $('self').textContent = [
    `Faultline itself: ${number(now.balance.hits)} hits, of these ${number(now.balance.emitted)} events`,
    `ring ${bytes(self.ring_used_bytes)} used`,
    self.cpu_ratio >= 0 ? `${(self.cpu_ratio * 100).toFixed(1)} % of a CPU` : null,
    self.rss_bytes >= 0 ? `${bytes(self.rss_bytes)} resident` : null,
  ].filter(text => text).join(', ') + '.';
}

const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function chart(target, series, format, least) {
  const make = () => {
    const axis = { stroke: style('--soft'), grid: { stroke: style('--line'), width: 1 }, ticks: { stroke: style('--line') } };
    return new uPlot({
      width: target.clientWidth, height: 200, cursor: { drag: { x: true, y: false } },
      scales: { x: { time: true }, y: { range: (u, min, max) => [0, Math.max(least, max * 1.1)] } },
      axes: [axis, { ...axis, size: 72, values: (u, ticks) => ticks.map(format) }],
      series: [{}, ...series.map(s => ({
        label: s.label, stroke: style(s.colour), width: 1.6, fill: s.fill ? style(s.colour) + '22' : undefined,
        points: { show: false }, value: (u, v) => v === null ? '' : format(v) }))],
    }, [[], ...series.map(() => [])], target);
  };
  let plot = make();
  const draw = () => {
    const end = history.time_ms.length ? history.time_ms[history.time_ms.length - 1] / 1000 : 0;
    const from = Math.max(0, history.time_ms.findIndex(t => t / 1000 >= end - windowS()));
    plot.setData([history.time_ms.slice(from).map(t => t / 1000), ...series.map(s => history[s.name].slice(from))]);
  };
  new ResizeObserver(() => { if (target.clientWidth) plot.setSize({ width: target.clientWidth, height: 200 }); }).observe(target);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { plot.destroy(); plot = make(); draw(); });
  return draw;
}
const drawCharts = () => charts.forEach(draw => draw());
const windowS = () => Number($('window').value) || WINDOW_S;

async function startCharts() {
  history = await ask('/api/v1/history');
  lastPointMs = history.time_ms.length ? history.time_ms[history.time_ms.length - 1] : 0;
  charts = [
    chart($('chart-operations'), [
      { name: 'operations', label: 'operations', colour: '--direct', fill: true },
      { name: 'retries', label: 'retries', colour: '--miss' }], number, 5),
    chart($('chart-cost'), [
      { name: 'retry_ns', label: 'retries', colour: '--miss', fill: true },
      { name: 'lock_wait_ns', label: 'lock waits', colour: '--lock' }], duration, 1e6)];
  $('window').addEventListener('change', drawCharts);
  drawCharts();
}

// ---- locks ----

// One row for each task, role and mode: a task may hold a lock more than once.
function requestsOf(lock) {
  const rows = new Map();
  for (const r of lock.requests) {
    const key = `${r.tid} ${r.role} ${r.mode}`;
    const same = rows.get(key);
    if (!same) rows.set(key, { ...r, count: 1 });
    else { same.count++; same.since_ns = Math.max(same.since_ns, r.since_ns); same.since_ms = Math.min(same.since_ms, r.since_ms); }
  }
  // Who is said to hold it, when nothing else was seen of that.
  for (const r of lock.requests) {
    if (r.holder_tid && !lock.requests.some(other => other.tid === r.holder_tid && other.role === 'holds')) {
      rows.set(`${r.holder_tid} hint`, { tid: r.holder_tid, comm: r.holder_comm || 'task', role: 'holds', mode: '', since_ns: -1, doing: '', stack: [], count: 1 });
    }
  }
  return [...rows.values()].sort((a, b) => (b.role === 'waits') - (a.role === 'waits') || b.since_ns - a.since_ns);
}

function showLocks(answer) {
  drawGraph($('graph'), answer.locks);
  const boxes = answer.locks.map(lock => {
    const box = element('div');
    box.append(element('h3', [lock.class, lock.path || lock.name, lock.dev && `on ${lock.dev}`].filter(t => t).join(' ')));
    const scroll = element('div', null, 'scroll');
    const table = element('table');
    const head = element('thead');
    head.append(element('tr'));
    head.firstChild.append(...['Task', 'Role', 'For', 'Since', 'Doing', ''].map((name, i) => element(name ? 'th' : 'td', name, i > 2 ? 'wide' : '')));
    const body = element('tbody');
    body.append(...requestsOf(lock).map(r => row([[`${r.comm} ${r.tid}`],
      [`${r.role} ${r.mode}${r.count > 1 ? ` ×${r.count}` : ''}`, r.role], [r.since_ns < 0 ? '' : duration(r.since_ns)],
      [r.since_ns < 0 ? '' : clock(r.since_ms), 'wide'], [r.doing === 'unknown' ? '' : r.doing, 'wide'], [r.stack.length ? stack(r.stack, `${lock.class} ${lock.name} ${r.tid} ${r.role}`) : '', 'wide']])));
    table.append(head, body);
    scroll.append(table);
    box.append(scroll);
    return box;
  });
  if (answer.omitted) boxes.push(element('p', `${number(answer.omitted)} more locks are not shown.`, 'quiet'));
  replaceIn($('locks'), boxes);
}

// ---- hosts ----

function showHosts(answer) {
  const nowMs = Date.now();
  const rows = answer.hosts.slice().sort((a, b) => b.firing - a.firing || b.waiting - a.waiting || a.host.localeCompare(b.host)).map(h => {
    const p = h.point;
    const state = element('span');
    state.append(element('span', h.complete ? 'complete' : `${number(h.lost)} of ${number(h.hits)} lost`));
    state.prepend(element('span', '', `light ${h.complete ? 'good' : 'bad'}`));
    return row([[h.host, 'file'], [`${duration(Math.max(0, nowMs - h.last_seen_ms) * 1e6)} ago`], [number(p.operations || 0), 'n wide'],
      [number(p.retries || 0), 'n wide'], [`${duration(p.retry_ns || 0)}/s`, 'n wide'], [number(p.lock_waits || 0), 'n wide'],
      [number(h.waiting), 'n wide'], [number(h.firing), h.firing ? 'n alarm' : 'n'], [state]]);
  });
  replaceIn($('hosts').tBodies[0], rows.length ? rows : [row([['No host has sent anything yet.']])]);
}

// ---- views ----

let views = ['now', 'operations', 'locks', 'alerts'];
const VIEWS_ALL = ['hosts', ...views];
const view = () => views.includes(location.hash.slice(1)) ? location.hash.slice(1) : views[0];
let refreshedMs = 0;
let isRefreshing = false;

async function load(name) {
  if (name === 'operations') { operations = (await ask('/api/v1/operations')).operations; showOperations(); }
  if (name === 'locks') showLocks(await ask('/api/v1/locks'));
  if (name === 'hosts') showHosts(await ask('/api/v1/hosts'));
  if (name === 'alerts') {
    showAlerts(await ask('/api/v1/alerts'));
    if (canSilence) showSilences(await ask('/api/v1/silences'));
  }
}

// Loads what the view shows, once a second at most, unless it must be now.
async function refresh(mustBe) {
  if (isRefreshing || (!mustBe && Date.now() - refreshedMs < REFRESH_MS)) return;
  isRefreshing = true;
  try { await load(view()); } catch (error) { lost(error); } finally {
    isRefreshing = false;
    refreshedMs = Date.now();
  }
}

function showView() {
  for (const name of VIEWS_ALL) {
    $(`view-${name}`).hidden = name !== view();
    const link = document.querySelector(`nav [data-view="${name}"]`);
    link.hidden = !views.includes(name);
    if (name === view()) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  refresh(true);
}

function lost(error) {
  if (error && error.status === 401) { askToken(); return; }
  $('light').className = 'light bad';
  $('state-text').textContent = 'no connection, trying again';
}

function follow() {
  const stream = new EventSource('/api/v1/stream');
  stream.addEventListener('now', event => {
    showNow(JSON.parse(event.data));
    refresh(false);
  });
  stream.onerror = () => {
    lost();
    // A browser gives up for good where it is refused, as when the server has too many clients.
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
  };
}

// ---- start ----

function askToken() {
  if ($('login').open) return;
  $('login').showModal();
}

async function logIn(event) {
  event.preventDefault();
  try {
    await send('/api/v1/login', { token: $('login-token').value });
    $('login').close();
    begin();
  } catch (error) {
    $('login-error').textContent = error.status === 401 ? 'That is not the token.' : error.message;
  }
}

function onKey(event) {
  if (event.target.matches('input, select, textarea') || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key >= '1' && event.key <= String(views.length)) location.hash = views[event.key - 1];
  if (event.key === '/' && views.includes('operations')) { location.hash = 'operations'; setTimeout(() => $('filter').focus()); event.preventDefault(); }
  if (event.key === 'Escape' && opened) closeSteps();
}

async function show() {
  const [info, now] = await Promise.all([ask('/api/v1/info'), ask('/api/v1/now')]);
  views = info.views;
  document.title = `Faultline: ${info.host}`;
  $('where').textContent = [info.host, info.kernel && `Linux ${info.kernel}`, info.loader && `${info.loader} loader`,
    info.detail && `detail ${info.detail}`, info.filters && `only ${info.filters}`, info.redacted && 'names are redacted'].filter(t => t).join(', ');
  startAlerts(info);
  showNow(now);
  showView();
  if (views.includes('now')) await startCharts();
  follow();
}
const begin = () => show().catch(error => { lost(error); if (error.status !== 401) console.error(error); });

startOperations();
addEventListener('hashchange', showView);
addEventListener('keydown', onKey);
$('login-form').addEventListener('submit', logIn);
begin();
