// The timeline: a lane for each task, with its operations and waits.
const LANE = 30;
const AXIS = 34;
const lanesBox = byId('lanes');
const canvas = lanesBox.querySelector('canvas');
const context = canvas.getContext('2d');
const tip = byId('tip');
const passFirst = new Int32Array(operationCount + 1);
const laneOf = []; // by task
const lanes = []; // task, its operations and waits in order of their begin, and the longest of each
let view = { from: 0, to: Math.max(data.span, 1) };
let picked = null;
let colors = {};
let width = 0;
let height = 0;
let gutter = 0;

function passesOf(operation) {
  return [passFirst[operation], passFirst[operation + 1]];
}

function buildLanes() {
  const passes = data.attempts.operation;
  for (const operation of passes) passFirst[operation + 1]++;
  for (let i = 0; i < operationCount; i++) passFirst[i + 1] += passFirst[i];
  const byTask = data.tasks.map((task, i) => ({ task: i, operations: [], waits: [], first: Infinity }));
  for (let i = 0; i < operationCount; i++) byTask[operations.task[i]].operations.push(i);
  for (let i = 0; i < waitCount; i++) byTask[waits.task[i]].waits.push(i);
  const longest = (all, list) => list.reduce((most, i) => Math.max(most, all.duration[i]), 0);
  for (const lane of byTask) {
    lane.first = Math.min(lane.operations.length ? operations.start[lane.operations[0]] : Infinity,
      lane.waits.length ? waits.start[lane.waits[0]] : Infinity);
    lane.operationMax = longest(operations, lane.operations);
    lane.waitMax = longest(waits, lane.waits);
  }
  // Threads of one process stay together, in the order in which processes appear.
  const processFirst = new Map();
  for (const lane of byTask) {
    const pid = data.tasks[lane.task][0];
    processFirst.set(pid, Math.min(lane.first, processFirst.has(pid) ? processFirst.get(pid) : Infinity));
  }
  byTask.sort((a, b) => processFirst.get(data.tasks[a.task][0]) - processFirst.get(data.tasks[b.task][0])
    || data.tasks[a.task][0] - data.tasks[b.task][0] || data.tasks[a.task][1] - data.tasks[b.task][1]);
  byTask.forEach((lane, i) => { laneOf[lane.task] = i; lanes.push(lane); });
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['card', 'text', 'soft', 'line', 'accent', 'direct', 'miss', 'gap', 'buffered', 'bad', 'flight', 'lost',
    'lock', 'lane', 'demote', 'calm', 'attention', 'serious']) {
    colors[name] = style.getPropertyValue('--' + name).trim();
  }
}

function resize() {
  width = lanesBox.clientWidth;
  gutter = width < 560 ? 92 : 168;
  height = Math.min(AXIS + lanes.length * LANE, 460);
  byId('height').style.height = lanes.length * LANE + AXIS - height + 'px';
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = width + 'px';
  canvas.style.height = height + 'px';
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw();
}

const xOf = (ns) => gutter + (ns - view.from) / (view.to - view.from) * (width - gutter);
const nsOf = (x) => view.from + (x - gutter) / (width - gutter) * (view.to - view.from);

/** The first of the ascending list that starts at ns or later. */
function firstFrom(list, starts, ns) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[list[middle]] < ns) low = middle + 1; else high = middle;
  }
  return low;
}

let isDrawAsked = false;
function draw() {
  if (isDrawAsked) return;
  isDrawAsked = true;
  requestAnimationFrame(() => { isDrawAsked = false; drawNow(); });
}

function drawNow() {
  if (width === 0) return;
  context.fillStyle = colors.card;
  context.fillRect(0, 0, width, height);
  context.font = '12px system-ui, "DejaVu Sans", sans-serif';
  context.textBaseline = 'middle';
  const top = lanesBox.scrollTop;
  const first = Math.max(0, Math.floor(top / LANE));
  const last = Math.min(lanes.length, Math.ceil((top + height) / LANE));
  context.save();
  context.beginPath();
  context.rect(0, AXIS, width, height - AXIS);
  context.clip();
  for (let i = first; i < last; i++) drawLane(lanes[i], AXIS + i * LANE - top, i);
  context.restore();
  drawAxis();
  drawMarks();
  context.fillStyle = colors.line;
  context.fillRect(gutter - 1, 0, 1, height);
  byId('range').textContent = seconds(view.from, 6) + ' to ' + seconds(view.to, 6) + ' (' + duration(view.to - view.from) + ')';
}

function drawLane(lane, y, number) {
  if (number % 2 === 0) {
    context.fillStyle = colors.lane;
    context.fillRect(0, y, width, LANE);
  }
  context.save();
  context.beginPath();
  context.rect(gutter, y, width - gutter, LANE);
  context.clip();
  drawOperations(lane, y + 5);
  drawWaits(lane, y + 21);
  context.restore();
  context.fillStyle = colors.text;
  context.save();
  context.beginPath();
  context.rect(0, y, gutter - 6, LANE);
  context.clip();
  if (gutter < 100) {
    context.fillText(data.tasks[lane.task][2], 6, y + 9);
    context.fillStyle = colors.soft;
    context.fillText(data.tasks[lane.task][1], 6, y + 22);
  } else {
    context.fillText(taskName(lane.task), 8, y + LANE / 2);
  }
  context.restore();
}

function drawOperations(lane, y) {
  const list = lane.operations;
  let lastX = -1;
  let lastKind = '';
  for (let k = firstFrom(list, operations.start, view.from - lane.operationMax); k < list.length; k++) {
    const i = list[k];
    if (operations.start[i] > view.to) break;
    const x = xOf(operations.start[i]);
    const right = xOf(operations.start[i] + operations.duration[i]);
    if (right < gutter) continue;
    const kind = kindOf(i);
    const wide = Math.max(right - x, 1);
    // Thousands fall on one pixel when all is in view: the worst colour is drawn, once.
    if (wide <= 1 && Math.floor(x) === lastX && kind === lastKind) continue;
    lastX = Math.floor(x);
    lastKind = kind;
    drawOperation(i, kind, x, y, wide);
  }
}

function drawOperation(i, kind, x, y, wide) {
  const [from, to] = passesOf(i);
  const isPicked = picked && picked.kind === 'operation' && picked.i === i;
  if (kind === 'flight') {
    drawHatched(x, y, wide);
  } else if (wide > 5 && to - from > 1) {
    context.fillStyle = colors.gap;
    context.fillRect(x, y, wide, 13);
    for (let p = from; p < to; p++) {
      const end = text(data.attempts.end[p]);
      const isMiss = end === 'miss_none' || end === 'miss_partial';
      context.fillStyle = isMiss ? colors.miss : end === 'failed' || end === 'short' ? colors.bad : colors.direct;
      const left = xOf(operations.start[i] + data.attempts.start[p]);
      const right = xOf(operations.start[i] + data.attempts.start[p] + data.attempts.duration[p]);
      context.fillRect(left, y, Math.max(right - left, 1), 13);
    }
    if (kind === 'buffered' || kind === 'bad') {
      context.fillStyle = colors[kind];
      context.fillRect(x, y, wide, 4);
    }
  } else {
    context.fillStyle = colors[kind];
    context.fillRect(x, y, wide, 13);
  }
  if (isPicked) {
    context.strokeStyle = colors.text;
    context.lineWidth = 2;
    context.strokeRect(x - 1, y - 1, wide + 2, 15);
  }
}

function drawHatched(x, y, wide) {
  const left = Math.max(x, gutter);
  const right = Math.min(x + wide, width);
  context.save();
  context.beginPath();
  context.rect(left, y, right - left, 13);
  context.clip();
  context.strokeStyle = colors.flight;
  context.lineWidth = 2;
  context.beginPath();
  for (let at = left - 13; at < right; at += 6) {
    context.moveTo(at, y + 13);
    context.lineTo(at + 13, y);
  }
  context.stroke();
  context.strokeRect(x, y, wide, 13);
  context.restore();
}

function drawWaits(lane, y) {
  const list = lane.waits;
  context.fillStyle = colors.lock;
  let lastX = -1;
  for (let k = firstFrom(list, waits.start, view.from - lane.waitMax); k < list.length; k++) {
    const i = list[k];
    if (waits.start[i] > view.to) break;
    const x = xOf(waits.start[i]);
    const wide = Math.max(xOf(waits.start[i] + waits.duration[i]) - x, 1);
    if (x + wide < gutter || (wide <= 1 && Math.floor(x) === lastX)) continue;
    lastX = Math.floor(x);
    context.fillRect(x, y, wide, 5);
    if (picked && picked.kind === 'wait' && picked.i === i) {
      context.strokeStyle = colors.text;
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, wide + 2, 7);
    }
  }
}

function drawAxis() {
  context.fillStyle = colors.card;
  context.fillRect(0, 0, width, AXIS);
  const span = view.to - view.from;
  let step = Math.pow(10, Math.floor(Math.log10(span / Math.max((width - gutter) / 90, 1))));
  for (const factor of [1, 2, 5, 10]) {
    if (xOf(view.from + step * factor) - gutter >= 84) { step *= factor; break; }
  }
  const digits = Math.max(0, Math.min(9, -Math.floor(Math.log10(step / 1e9) + 1e-9)));
  for (let ns = Math.ceil(view.from / step) * step; ns <= view.to; ns += step) {
    const x = xOf(ns);
    context.fillStyle = colors.soft;
    context.fillRect(Math.round(x), AXIS - 8, 1, 8);
    const label = (ns / 1e9).toFixed(digits) + ' s';
    if (x + context.measureText(label).width < width) context.fillText(label, x + 3, 10);
  }
  context.fillStyle = colors.line;
  context.fillRect(0, AXIS - 1, width, 1);
}

const severityColor = (severity) => ({ critical: colors.serious, warning: colors.attention })[severity] || colors.calm;

function drawMarks() {
  context.fillStyle = colors.demote;
  let lastX = -1;
  for (const ns of data.demotes.start) {
    const x = Math.round(xOf(ns));
    if (x < gutter || x > width || x === lastX) continue;
    lastX = x;
    context.fillRect(x - 1, AXIS - 10, 2, 8);
  }
  for (const alert of data.alerts) {
    const x = xOf(alert.first);
    if (x < gutter || x > width) continue;
    context.fillStyle = severityColor(alert.severity);
    context.globalAlpha = 0.75;
    context.fillRect(x - 0.5, AXIS - 12, 1.5, height);
    context.globalAlpha = 1;
    context.beginPath();
    context.moveTo(x - 6, AXIS - 16);
    context.lineTo(x + 6, AXIS - 16);
    context.lineTo(x, AXIS - 4);
    context.fill();
  }
}

function setView(from, to) {
  const span = Math.min(Math.max(to - from, 1000), data.span * 1.1 + 1000);
  const start = Math.max(-data.span * 0.05 - 500, Math.min(from, data.span * 1.05 + 500 - span));
  view = { from: start, to: start + span };
  tip.hidden = true;
  draw();
}

function zoom(factor, aroundX) {
  const at = aroundX === undefined ? (view.from + view.to) / 2 : nsOf(Math.max(aroundX, gutter));
  setView(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function showAll() {
  setView(-data.span * 0.01, data.span * 1.02);
}

function showSpan(from, to) {
  const margin = Math.max((to - from) * 0.5, data.span * 0.02, 1000);
  setView(from - margin, to + margin);
  byId('timeline').scrollIntoView({ block: 'start' });
}

/** What is at a place: an alert or a lock taken away in the axis, a wait or an operation in a lane. */
function thingAt(x, y) {
  if (x < gutter) return null;
  const near = (view.to - view.from) / (width - gutter) * 6;
  const ns = nsOf(x);
  if (y < AXIS) {
    const alert = data.alerts.findIndex((a) => Math.abs(a.first - ns) < near);
    if (alert >= 0) return { kind: 'alert', i: alert };
    const demote = data.demotes.start.findIndex((at) => Math.abs(at - ns) < near);
    return demote >= 0 ? { kind: 'demote', i: demote } : null;
  }
  const at = y - AXIS + lanesBox.scrollTop;
  const lane = lanes[Math.floor(at / LANE)];
  if (!lane) return null;
  const isWait = at % LANE >= 19;
  const list = isWait ? lane.waits : lane.operations;
  const all = isWait ? waits : operations;
  const longest = isWait ? lane.waitMax : lane.operationMax;
  let best = null;
  let bestDistance = near;
  for (let k = firstFrom(list, all.start, ns - longest - near); k < list.length; k++) {
    const i = list[k];
    if (all.start[i] > ns + near) break;
    const distance = Math.max(0, all.start[i] - ns, ns - all.start[i] - all.duration[i]);
    if (distance <= bestDistance) { bestDistance = distance; best = i; }
  }
  return best === null ? null : { kind: isWait ? 'wait' : 'operation', i: best };
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function hover(event) {
  const [x, y] = place(event);
  const thing = thingAt(x, y);
  canvas.style.cursor = thing ? 'pointer' : '';
  tip.hidden = thing === null;
  if (thing === null) return;
  tip.textContent = linesOf(thing.kind, thing.i).slice(0, 7).join('\n');
  const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 12);
  const isLow = event.clientY + 18 + tip.offsetHeight > window.innerHeight;
  tip.style.left = Math.max(left, 8) + 'px';
  tip.style.top = (isLow ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18) + 'px';
}

function listen() {
  const pointers = new Map();
  let drag = null;
  canvas.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, event.clientX);
    canvas.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, from: view.from, to: view.to, isMoved: false };
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId)) {
      hover(event);
      return;
    }
    const before = [...pointers.values()];
    pointers.set(event.pointerId, event.clientX);
    const now = [...pointers.values()];
    if (now.length === 2) {
      const was = Math.max(Math.abs(before[0] - before[1]), 8);
      const is = Math.max(Math.abs(now[0] - now[1]), 8);
      zoom(was / is, (now[0] + now[1]) / 2 - canvas.getBoundingClientRect().left);
      drag.isMoved = true;
    } else if (Math.abs(event.clientX - drag.x) > 3 || drag.isMoved) {
      drag.isMoved = true;
      canvas.classList.add('dragged');
      const moved = (event.clientX - drag.x) / (width - gutter) * (drag.to - drag.from);
      setView(drag.from - moved, drag.to - moved);
    }
  });
  const release = (event) => {
    pointers.delete(event.pointerId);
    canvas.classList.remove('dragged');
    if (drag && !drag.isMoved && event.type === 'pointerup') {
      const thing = thingAt(...place(event));
      if (thing) pick(thing.kind, thing.i, false);
    }
    if (pointers.size === 0) drag = null;
    else if (drag) drag = { x: [...pointers.values()][0], from: view.from, to: view.to, isMoved: true };
  };
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('pointerleave', () => { tip.hidden = true; });
  canvas.addEventListener('dblclick', (event) => zoom(0.4, place(event)[0]));
  canvas.addEventListener('wheel', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      zoom(Math.exp((event.deltaY || event.deltaX) * 0.002), place(event)[0]);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      const moved = event.deltaX / (width - gutter) * (view.to - view.from);
      setView(view.from + moved, view.to + moved);
    }
  }, { passive: false });
  lanesBox.addEventListener('scroll', draw);
  lanesBox.addEventListener('keydown', (event) => {
    const step = (view.to - view.from) / 8;
    const actions = {
      ArrowLeft: () => setView(view.from - step, view.to - step),
      ArrowRight: () => setView(view.from + step, view.to + step),
      ArrowUp: () => { lanesBox.scrollTop -= LANE; },
      ArrowDown: () => { lanesBox.scrollTop += LANE; },
      '+': () => zoom(0.6),
      '=': () => zoom(0.6),
      '-': () => zoom(1 / 0.6),
      0: showAll,
    };
    const action = actions[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      action();
    }
  });
  byId('zoom-in').addEventListener('click', () => zoom(0.5));
  byId('zoom-out').addEventListener('click', () => zoom(2));
  byId('zoom-all').addEventListener('click', showAll);
  new ResizeObserver(resize).observe(lanesBox);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColors(); draw(); });
}

function showTimeline() {
  if (operationCount === 0 && waitCount === 0 && data.alerts.length === 0) return;
  byId('timeline').hidden = false;
  const legend = [
    ['direct', 'direct, at once'], ['miss', 'a page was missing'], ['gap', 'gap before a retry'],
    ['buffered', 'finished through the page cache'], ['bad', 'short or failed'], ['flight', 'not ended'],
    ['lost', 'events are missing'], ['lock', 'waits for a lock'],
  ];
  if (data.demotes.start.length > 0) legend.push(['demote', 'taken away by another node']);
  for (const [name, words] of legend) {
    byId('legend').append(make('li', {}, make('i', { className: 'c-' + name }), words));
  }
  if (data.alerts.length > 0) byId('legend').append(make('li', { textContent: '\u25bc alert' }));
  lanesBox.setAttribute('aria-label', 'Timeline: ' + number(operationCount) + ' operations and ' + number(waitCount)
    + ' lock waits of ' + lanes.length + ' tasks, ' + data.alerts.length + ' alerts. The tables below have the same.');
  readColors();
  listen();
  resize();
  showAll();
}
