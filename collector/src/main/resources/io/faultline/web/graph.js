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

function drawGraph(svg, locks, rowsMax = 40) {
  svg.replaceChildren();
  const shown = locks.slice(0, rowsMax);
  if (!shown.length) {
    svg.setAttribute('viewBox', '0 0 900 40');
    svg.append(svgNode('text', { x: 0, y: 24, class: 'soft' }, 'Nobody waits for a lock for longer than a second.'));
    return;
  }
  const circles = tasksInCircles(locks);
  const tasks = new Map();
  const commOf = new Map();
  for (const lock of shown) for (const r of lock.requests) commOf.set(r.tid, r.comm);
  const placeTask = tid => {
    if (!tasks.has(tid)) tasks.set(tid, tasks.size);
    return tasks.get(tid);
  };
  for (const lock of shown) {
    lock.requests.filter(r => r.role === 'waits').slice(0, 12).forEach(r => placeTask(r.tid));
    lock.requests.filter(r => r.role === 'holds').slice(0, 12).forEach(r => placeTask(r.tid));
    lock.requests.filter(r => r.holder_tid).forEach(r => placeTask(r.holder_tid));
  }
  const rows = Math.max(tasks.size, shown.length);
  const height = rows * 46 + 30;
  svg.setAttribute('viewBox', `0 0 900 ${height}`);
  const defs = svgNode('defs', {});
  for (const [id, colour] of [['waits', 'var(--miss)'], ['holds', 'var(--lock)']]) {
    const marker = svgNode('marker', { id: `tip-${id}`, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' });
    marker.append(svgNode('path', { d: 'M0 0L8 4L0 8z', fill: colour }));
    defs.append(marker);
  }
  svg.append(defs);
  svg.append(svgNode('text', { x: 10, y: 14, class: 'soft' }, 'tasks'));
  svg.append(svgNode('text', { x: 560, y: 14, class: 'soft' }, 'locks (line: waits for, dashes: is held by)'));
  const taskY = tid => 24 + tasks.get(tid) * 46;
  const lockY = index => 24 + index * 46;
  shown.forEach((lock, index) => {
    const y = lockY(index) + 17;
    const draw = (tid, kind, offset) => {
      if (!tasks.has(tid)) return;
      const ty = taskY(tid) + 17 + offset;
      const isWait = kind === 'waits';
      const from = isWait ? [250, ty] : [560, y + offset];
      const to = isWait ? [558, y + offset] : [252, ty];
      const bend = (from[0] + to[0]) / 2;
      svg.append(svgNode('path', { class: kind, 'marker-end': `url(#tip-${kind})`, d: `M${from[0]} ${from[1]}C${bend} ${from[1]} ${bend} ${to[1]} ${to[0]} ${to[1]}` }));
    };
    lock.requests.forEach(r => draw(r.tid, r.role, r.role === 'waits' ? -6 : 6));
    const hinted = new Set(lock.requests.map(r => r.holder_tid).filter(tid => tid));
    hinted.forEach(tid => draw(tid, 'holds', 6));
  });
  for (const tid of tasks.keys()) {
    const y = taskY(tid);
    svg.append(svgNode('rect', { x: 8, y, width: 242, height: 34, rx: 8, class: circles.has(tid) ? 'task in-circle' : 'task' }));
    svg.append(svgNode('text', { x: 18, y: y + 21 }, `${commOf.get(tid) || 'task'} ${tid}`));
  }
  shown.forEach((lock, index) => {
    const y = lockY(index);
    svg.append(svgNode('rect', { x: 560, y, width: 332, height: 34, rx: 8, class: 'lock' }));
    const name = `${lock.class} ${lock.path || lock.name} ${lock.path ? '' : lock.dev}`.trim();
    svg.append(svgNode('text', { x: 570, y: y + 21 }, name.length > 46 ? '…' + name.slice(-45) : name));
  });
}
