'use strict';
// The page asks /api/v1 once and then follows /api/v1/stream; times are shown in the viewer's zone.

const $ = id => document.getElementById(id);
const HISTORY_MAX = 3600;
const WINDOW_S = 300;
const ROWS_MAX = 50;
let history = null;
let charts = [];
let operations = [];
let lastPointMs = 0;

// ---- words ----

const UNITS = [['ns', 1], ['us', 1e3], ['ms', 1e6], ['s', 1e9]];
function duration(ns) {
  if (ns >= 60e9) return `${Math.floor(ns / 60e9)} min ${Math.round(ns % 60e9 / 1e9)} s`;
  let [unit, scale] = UNITS[0];
  for (const [name, size] of UNITS) if (ns >= size) { unit = name; scale = size; }
  const value = ns / scale;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${unit}`;
}
function bytes(count) {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (count >= 1024 && i < names.length - 1) { count /= 1024; i++; }
  return `${count >= 100 || Number.isInteger(count) ? Math.round(count) : count.toFixed(1)} ${names[i]}`;
}
const number = value => Number(value).toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
const clock = ms => new Date(ms).toLocaleTimeString();

function element(name, text, className) {
  const node = document.createElement(name);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}
function row(cells) {
  const tr = element('tr');
  for (const [text, className] of cells) {
    const td = element('td', null, className);
    if (text instanceof Node) td.append(text); else td.textContent = text;
    tr.append(td);
  }
  return tr;
}
async function get(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// ---- now ----

function showNow(now) {
  const p = now.point;
  const figures = [
    ['Operations / s', number(p.operations || 0)],
    ['Retries / s', number(p.retries || 0)],
    ['Lost to retries', `${duration(p.retry_ns || 0)} / s`],
    ['Lock waits / s', number(p.lock_waits || 0)],
    ['Lost to lock waits', `${duration(p.lock_wait_ns || 0)} / s`],
    ['Direct I/O', `${bytes(p.bytes || 0)} / s`],
    ['In flight for > 1 s', number(now.in_flight)],
  ];
  const list = $('figures');
  if (!list.children.length) {
    for (const [name] of figures) {
      const box = element('div');
      box.append(element('dt', name), element('dd'));
      list.append(box);
    }
  }
  figures.forEach(([, value], i) => { list.children[i].lastChild.textContent = value; });
  $('devices').tBodies[0].replaceChildren(...now.devices.map(d => row([
    [d.fs], [d.dev], [d.rw], [number(d.operations), 'n'], [number(d.attempts), 'n'], [number(d.retries), 'n'],
    [number(d.misses), 'n'], [bytes(d.bytes), 'n'], [duration(d.retry_ns), 'n']])));
  const b = now.balance;
  $('light').className = `light ${b.complete ? 'good' : 'bad'}`;
  $('state-text').textContent = b.complete ? 'complete' : `${number(b.lost)} of ${number(b.hits)} hits lost`;
  const self = now.agent;
  $('self').textContent = [
    `Faultline itself: ${number(b.hits)} hits, of these ${number(b.emitted)} events`,
    `ring ${bytes(self.ring_used_bytes)} used`,
    self.cpu_ratio >= 0 ? `${(self.cpu_ratio * 100).toFixed(1)} % of a CPU` : null,
    self.rss_bytes >= 0 ? `${bytes(self.rss_bytes)} resident` : null,
  ].filter(text => text).join(', ') + '.';
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

const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function chart(target, series, format) {
  const make = () => {
    const axis = { stroke: style('--soft'), grid: { stroke: style('--line'), width: 1 }, ticks: { stroke: style('--line') } };
    return new uPlot({
      width: target.clientWidth, height: 200, cursor: { drag: { x: true, y: false } },
      scales: { x: { time: true }, y: { range: (u, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      axes: [axis, { ...axis, size: 72, values: (u, ticks) => ticks.map(format) }],
      series: [{}, ...series.map(s => ({
        label: s.label, stroke: style(s.colour), width: 1.6, fill: s.fill ? style(s.colour) + '22' : undefined,
        points: { show: false }, value: (u, v) => v === null ? '' : format(v) }))],
    }, [[], ...series.map(() => [])], target);
  };
  let plot = make();
  const draw = () => {
    const end = history.time_ms.length ? history.time_ms[history.time_ms.length - 1] / 1000 : 0;
    const from = Math.max(0, history.time_ms.findIndex(t => t / 1000 >= end - WINDOW_S));
    plot.setData([history.time_ms.slice(from).map(t => t / 1000), ...series.map(s => history[s.name].slice(from))]);
  };
  new ResizeObserver(() => { if (target.clientWidth) plot.setSize({ width: target.clientWidth, height: 200 }); }).observe(target);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { plot.destroy(); plot = make(); draw(); });
  return draw;
}
const drawCharts = () => charts.forEach(draw => draw());

// ---- operations ----

function fileOf(o) { return o.path || `${o.fs} inode ${o.ino}`; }

function showOperations() {
  const words = $('filter').value.toLowerCase();
  const by = $('sort').value;
  const rows = operations
    .filter(o => `${o.comm} ${o.tid} ${o.outcome} ${fileOf(o)}`.toLowerCase().includes(words))
    .sort((a, b) => (b.outcome === 'in_flight') - (a.outcome === 'in_flight') || b[by] - a[by]);
  const body = $('operations').tBodies[0];
  const hidden = rows.length - ROWS_MAX;
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.id : null;
  body.replaceChildren(...rows.slice(0, ROWS_MAX).map(o => {
    const task = element('button', `${o.comm} ${o.tid}`);
    task.type = 'button';
    task.dataset.id = o.id;
    task.addEventListener('click', () => openSteps(o.id));
    const outcome = element('span', o.outcome.replace('_', ' '));
    const kind = o.outcome === 'in_flight' ? 'in_flight' : o.outcome !== 'direct' ? 'not-direct' : o.retries ? 'retried' : '';
    outcome.prepend(element('span', '', `dot ${kind}`));
    return row([[task], [outcome], [o.rw], [number(o.retries), 'n'], [duration(o.retry_ns), 'n'], [duration(o.duration_ns), 'n'],
      [duration(o.lock_wait_ns), 'n'], [bytes(o.requested), 'n'], [clock(o.start_ms)], [fileOf(o), 'file']]);
  }));
  $('more').hidden = hidden <= 0;
  $('more').textContent = `${hidden} more: narrow the filter.`;
  if (!rows.length) body.append(row([['No operation with page faults disabled yet.']]));
  if (focused) { const again = body.querySelector(`[data-id="${CSS.escape(focused)}"]`); if (again) again.focus(); }
}

async function openSteps(id) {
  let o;
  try { o = await get(`/api/v1/operations/${encodeURIComponent(id)}`); } catch (e) {
    $('steps').hidden = false;
    $('steps-title').textContent = 'This operation is not kept any more, or has not ended.';
    $('steps-picture').replaceChildren();
    $('steps-list').replaceChildren();
    return;
  }
  $('steps').hidden = false;
  $('steps-title').textContent = `${o.comm} (${o.tid}): ${o.rw} of ${bytes(o.requested)} at ${o.pos} of ${fileOf(o)}, ${o.outcome}, ${duration(o.duration_ns)}`;
  $('steps-title').focus();
  const steps = o.steps.slice().sort((a, b) => a.begin_ns - b.begin_ns);
  const begin = Math.min(0, ...steps.map(s => s.begin_ns));
  const end = Math.max(o.duration_ns, ...steps.map(s => s.end_ns)) || 1;
  const x = ns => 4 + 892 * (ns - begin) / (end - begin);
  const svg = $('steps-picture');
  svg.replaceChildren();
  svg.setAttribute('viewBox', '0 0 900 74');
  const attempts = steps.filter(s => s.kind === 'attempt');
  attempts.forEach((s, i) => {
    if (i) svg.append(svgNode('rect', { class: 'gap', x: x(attempts[i - 1].end_ns), y: 8, width: Math.max(1, x(s.begin_ns) - x(attempts[i - 1].end_ns)), height: 26 }));
    const kind = s.end.startsWith('miss') ? 'miss' : s.end === 'full' || s.end === 'end_of_file' ? '' : 'bad';
    svg.append(svgNode('rect', { class: `attempt ${kind}`, x: x(s.begin_ns), y: 8, width: Math.max(2, x(s.end_ns) - x(s.begin_ns)), height: 26, rx: 2 }));
  });
  steps.filter(s => s.kind === 'lock_wait').forEach(s =>
    svg.append(svgNode('rect', { class: 'lock-wait', x: x(s.begin_ns), y: 38, width: Math.max(2, x(s.end_ns) - x(s.begin_ns)), height: 8 })));
  svg.append(svgNode('text', { x: 4, y: 66, class: 'soft' }, '0'));
  svg.append(svgNode('text', { x: 896, y: 66, class: 'soft', 'text-anchor': 'end' }, duration(end)));
  $('steps-list').replaceChildren(...steps.map(s => element('li', s.kind === 'attempt'
    ? `+${duration(Math.max(0, s.begin_ns))}: attempt ${s.index + 1}, ${duration(s.end_ns - s.begin_ns)}, ${s.end.replace(/_/g, ' ')}`
    : `+${duration(Math.max(0, s.begin_ns))}: waits ${duration(s.end_ns - s.begin_ns)} for ${s.lock} ${s.mode} (${s.place})${s.holder ? `, in front: ${s.holder}` : ''}`)));
  if (!o.steps_complete) $('steps-list').append(element('li', 'Some of its attempts are not kept any more.'));
}

// ---- locks ----

function stack(frames) {
  const details = element('details');
  details.append(element('summary', 'stack'), element('pre', frames.join('\n')));
  return details;
}

function showLocks(answer) {
  drawGraph($('graph'), answer.locks);
  $('locks').replaceChildren(...answer.locks.map(lock => {
    const box = element('div');
    box.append(element('h3', `${lock.class} ${lock.name} ${lock.dev} ${lock.path || ''}`));
    const scroll = element('div', null, 'scroll');
    const table = element('table');
    table.append(...lock.requests.map(r => {
      const since = `${r.role} ${r.mode} for ${duration(r.since_ns)}`;
      return row([[`${r.comm} ${r.tid}`], [since], [r.doing ? `does: ${r.doing}` : ''], [r.stack.length ? stack(r.stack) : '']]);
    }));
    scroll.append(table);
    box.append(scroll);
    return box;
  }));
  if (answer.omitted) $('locks').append(element('p', `${answer.omitted} more locks are not shown.`, 'quiet'));
}

// ---- alerts ----

function showAlerts(answer) {
  const rank = { critical: 0, warning: 1, info: 2 };
  const alerts = answer.alerts.slice().sort((a, b) =>
    (a.state === 'resolved') - (b.state === 'resolved') || rank[a.severity] - rank[b.severity] || b.last_ms - a.last_ms);
  const open = new Set([...document.querySelectorAll('#alerts details[open]')].map(d => d.dataset.id));
  $('alerts').replaceChildren(...alerts.map(a => {
    const box = element('div', null, `alert ${a.severity} ${a.state === 'resolved' ? 'over' : ''}`);
    const head = element('div');
    head.append(element('span', a.severity, `badge ${a.severity}`), element('span', a.state, `badge ${a.state}`),
      element('span', `${a.rule}, ${a.verdict}${a.why ? `: ${a.why}` : ''}; ${clock(a.first_ms)} to ${clock(a.last_ms)}, ${a.count} times`, 'quiet'));
    box.append(head, element('h3', a.title));
    if (a.path) box.append(element('p', a.path, 'quiet'));
    const details = element('details');
    details.dataset.id = a.id;
    details.open = open.has(a.id) || (a.severity === 'critical' && a.state === 'firing');
    const list = element('ol');
    a.evidence.forEach(e => {
      const item = element('li', `${clock(e.time_ms)} ${e.comm ? `${e.comm} (${e.tid})` : ''} ${e.text}`);
      if (e.stack.length) item.append(stack(e.stack));
      list.append(item);
    });
    details.append(element('summary', `evidence (${a.evidence.length})`), list);
    box.append(details);
    return box;
  }));
  if (!alerts.length) $('alerts').append(element('p', 'No rule has found anything.', 'quiet'));
}

// ---- views ----

const VIEWS = ['now', 'operations', 'locks', 'alerts'];
const view = () => VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : 'now';

async function refresh() {
  const name = view();
  if (name === 'operations') { operations = (await get('/api/v1/operations')).operations; showOperations(); }
  if (name === 'locks') showLocks(await get('/api/v1/locks'));
  if (name === 'alerts') showAlerts(await get('/api/v1/alerts'));
}

function showView() {
  for (const name of VIEWS) {
    $(`view-${name}`).hidden = name !== view();
    const link = document.querySelector(`nav [data-view="${name}"]`);
    if (name === view()) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  refresh().catch(lost);
}

function lost() {
  $('light').className = 'light bad';
  $('state-text').textContent = 'no connection, trying again';
}

function follow() {
  const stream = new EventSource('/api/v1/stream');
  stream.addEventListener('now', event => {
    showNow(JSON.parse(event.data));
    refresh().catch(lost);
  });
  stream.onerror = lost;
}

async function start() {
  $('filter').addEventListener('input', showOperations);
  $('sort').addEventListener('change', showOperations);
  $('steps-close').addEventListener('click', () => { $('steps').hidden = true; });
  addEventListener('hashchange', showView);
  addEventListener('keydown', event => {
    if (event.target.matches('input, select, textarea') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key >= '1' && event.key <= String(VIEWS.length)) location.hash = VIEWS[event.key - 1];
    if (event.key === '/') { location.hash = 'operations'; setTimeout(() => $('filter').focus()); event.preventDefault(); }
    if (event.key === 'Escape') $('steps').hidden = true;
  });
  showView();
  const info = await get('/api/v1/info');
  document.title = `Faultline: ${info.host}`;
  $('where').textContent = `${info.host}, Linux ${info.kernel}, ${info.loader} loader, detail ${info.detail}${info.filters ? `, only ${info.filters}` : ''}`;
  history = await get('/api/v1/history');
  lastPointMs = history.time_ms.length ? history.time_ms[history.time_ms.length - 1] : 0;
  charts = [
    chart($('chart-operations'), [
      { name: 'operations', label: 'operations', colour: '--direct', fill: true },
      { name: 'retries', label: 'retries', colour: '--miss' }], number),
    chart($('chart-cost'), [
      { name: 'retry_ns', label: 'retries', colour: '--miss', fill: true },
      { name: 'lock_wait_ns', label: 'lock waits', colour: '--lock' }], duration)];
  drawCharts();
  follow();
}

start().catch(error => { lost(); console.error(error); });
