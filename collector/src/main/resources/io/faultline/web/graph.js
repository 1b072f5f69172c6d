'use strict';
// Who waits for which lock and who holds it: tasks on the left and right, locks between, circles marked.

const SVG = 'http://www.w3.org/2000/svg';

function svgNode(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// The tasks that are in a circle: from each, follow what it waits for to whoever holds that.
function tasksInCircles(locks) {
  const next = new Map();
  for (const lock of locks) {
    const holders = lock.requests.filter(r => r.role === 'holds').map(r => r.tid);
    for (const wait of lock.requests.filter(r => r.role === 'waits')) {
      const to = next.get(wait.tid) || new Set();
      holders.forEach(tid => to.add(tid));
      if (wait.holder_tid) to.add(wait.holder_tid);
      to.delete(wait.tid);
      next.set(wait.tid, to);
    }
  }
  const circles = new Set();
  for (const start of next.keys()) {
    const seen = new Set();
    const open = [...next.get(start)];
    while (open.length) {
      const tid = open.pop();
      if (tid === start) { circles.add(start); break; }
      if (seen.has(tid)) continue;
      seen.add(tid);
      open.push(...(next.get(tid) || []));
    }
  }
  return circles;
}

const ROW = 46;
const BOX = 34;

// As much as fits into so many pixels: of the first text the begin, of the second, which says most, the end.
function fitting(first, second, width, shortensFirst) {
  const room = Math.floor((width - 18) / 7) - 1;
  if (first.length + second.length <= room) return `${first} ${second}`;
  return shortensFirst
    ? `${first.slice(0, Math.max(1, room - second.length - 1))}… ${second}`
    : `${first} …${second.slice(-Math.max(1, room - first.length - 1))}`;
}

function drawGraph(svg, locks, rowsMax = 40) {
  svg.replaceChildren();
  const width = Math.max(280, svg.clientWidth || 900);
  const shown = locks.slice(0, rowsMax);
  if (!shown.length) {
    svg.setAttribute('viewBox', `0 0 ${width} 30`);
    svg.append(svgNode('text', { x: 0, y: 18, class: 'soft' }, width < 500 ? 'Nobody waits for longer than a second.' : 'Nobody waits for a lock for longer than a second.'));
    return;
  }
  const taskWidth = Math.min(260, width * 0.36);
  const lockWidth = Math.min(420, width * 0.44);
  const lockX = width - lockWidth - 2;
  const circles = tasksInCircles(locks);
  const tasks = new Map();
  const commOf = new Map();
  const placeTask = tid => { if (!tasks.has(tid)) tasks.set(tid, tasks.size); };
  for (const lock of shown) {
    lock.requests.forEach(r => commOf.set(r.tid, r.comm));
    lock.requests.filter(r => r.role === 'waits').slice(0, 12).forEach(r => placeTask(r.tid));
    lock.requests.filter(r => r.role === 'holds').slice(0, 12).forEach(r => placeTask(r.tid));
    lock.requests.filter(r => r.holder_tid).forEach(r => {
      placeTask(r.holder_tid);
      if (r.holder_comm && !commOf.has(r.holder_tid)) commOf.set(r.holder_tid, r.holder_comm);
    });
  }
  svg.setAttribute('viewBox', `0 0 ${width} ${Math.max(tasks.size, shown.length) * ROW + 24}`);
  const defs = svgNode('defs', {});
  for (const [id, colour] of [['waits', 'var(--miss)'], ['holds', 'var(--lock)']]) {
    const marker = svgNode('marker', { id: `tip-${id}`, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: 'auto' });
    marker.append(svgNode('path', { d: 'M0 0L8 4L0 8z', fill: colour }));
    defs.append(marker);
  }
  svg.append(defs, svgNode('text', { x: 2, y: 14, class: 'soft' }, 'tasks'), svgNode('text', { x: lockX, y: 14, class: 'soft' }, 'locks'));
  const y = index => 22 + index * ROW;
  shown.forEach((lock, index) => {
    const drawn = new Set();
    const draw = (tid, role) => {
      if (!tasks.has(tid) || drawn.has(`${role} ${tid}`)) return;
      drawn.add(`${role} ${tid}`);
      const offset = role === 'waits' ? -6 : 6;
      const atTask = [taskWidth + 4, y(tasks.get(tid)) + BOX / 2 + offset];
      const atLock = [lockX - 2, y(index) + BOX / 2 + offset];
      const [from, to] = role === 'waits' ? [atTask, atLock] : [atLock, atTask];
      const bend = (from[0] + to[0]) / 2;
      svg.append(svgNode('path', { class: role, 'marker-end': `url(#tip-${role})`, d: `M${from[0]} ${from[1]}C${bend} ${from[1]} ${bend} ${to[1]} ${to[0]} ${to[1]}` }));
    };
    lock.requests.forEach(r => draw(r.tid, r.role));
    lock.requests.filter(r => r.holder_tid).forEach(r => draw(r.holder_tid, 'holds'));
  });
  const box = (x, row, boxWidth, className, first, second) => {
    const isTask = className.startsWith('task');
    const label = svgNode('text', { x: x + 9, y: y(row) + 21 }, fitting(first, second, boxWidth, isTask));
    const rect = svgNode('rect', { x, y: y(row), width: boxWidth, height: BOX, rx: 7, class: className });
    rect.append(svgNode('title', {}, `${first} ${second}`));
    svg.append(rect, label);
  };
  for (const [tid, row] of tasks) box(2, row, taskWidth, circles.has(tid) ? 'task in-circle' : 'task', commOf.get(tid) || 'task', String(tid));
  shown.forEach((lock, row) => box(lockX, row, lockWidth, 'lock', lock.class, lock.path || [lock.name, lock.dev].filter(t => t).join(' ')));
}
