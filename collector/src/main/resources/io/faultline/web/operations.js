'use strict';
// The operations that cost most, and the timeline of one.

const ROWS_MAX = 50;
let operations = [];
let opened = null; // id of the operation whose timeline is shown

function fileOf(o) { return o.path || `${o.fs} inode ${o.ino}`; }
const kindOf = o => o.outcome === 'in_flight' ? 'in_flight' : o.outcome !== 'direct' ? 'not-direct' : o.retries ? 'retried' : '';

function showOperations() {
  const words = $('filter').value.toLowerCase().split(/\s+/).filter(word => word);
  const by = $('sort').value;
  const rows = operations
    .filter(o => {
      const text = `${o.comm} ${o.tid} ${o.pid} ${o.outcome.replace('_', ' ')} ${o.rw} ${o.fs} ${o.dev} ${fileOf(o)}`.toLowerCase();
      return words.every(word => text.includes(word));
    })
    .sort((a, b) => (b.outcome === 'in_flight') - (a.outcome === 'in_flight') || b[by] - a[by]);
  const shown = rows.slice(0, ROWS_MAX).map(o => {
    const task = element('div');
    task.append(button(`${o.comm} ${o.tid}`, o.id, () => openSteps(o.id)), element('span', fileOf(o), 'narrow quiet'));
    const outcome = element('span', o.outcome.replace('_', ' '));
    outcome.prepend(element('span', '', `dot ${kindOf(o)}`));
    const tr = row([[task, 'task-cell'], [outcome], [o.rw, 'wide'], [number(o.retries), 'n wide'], [duration(o.retry_ns), 'n'],
      [duration(o.duration_ns), 'n wide'], [duration(o.lock_wait_ns), 'n wide'], [bytes(o.requested), 'n wide'],
      [clock(o.start_ms), 'wide'], [fileOf(o), 'file wide']]);
    if (o.id === opened) tr.className = 'picked';
    return tr;
  });
  if (!shown.length) {
    const none = row([[operations.length ? 'None of them matches the filter.' : 'No operation with page faults disabled yet.']]);
    none.firstChild.colSpan = 10;
    shown.push(none);
  }
  replaceIn($('operations').tBodies[0], shown);
  $('more').hidden = rows.length <= ROWS_MAX;
  $('more').textContent = `${number(rows.length - ROWS_MAX)} more: narrow the filter.`;
}

function closeSteps() {
  const id = opened;
  opened = null;
  $('steps').hidden = true;
  showOperations();
  const again = id ? document.querySelector(`#operations [data-key="${CSS.escape(id)}"]`) : null;
  if (again) again.focus();
}

async function openSteps(id) {
  opened = id;
  let o;
  try { o = await ask(`/api/v1/operations/${encodeURIComponent(id)}`); } catch (error) {
    if (error.status !== 404) throw error;
    $('steps-title').textContent = 'This operation is not kept any more.';
    $('steps-picture').replaceChildren();
    $('steps-list').replaceChildren();
  }
  $('steps').hidden = false;
  if (o) {
    $('steps-title').textContent = `${o.comm} (${o.tid}): ${o.rw} of ${bytes(o.requested)} at ${number(o.pos)} of ${fileOf(o)}, `
      + `${o.outcome.replace('_', ' ')}, ${duration(o.duration_ns)}`;
    drawSteps(o);
  }
  $('steps-title').focus();
  showOperations();
}

const endOf = step => step.end.replace(/_/g, ' ');

function wordsOf(step) {
  const begin = `+${duration(Math.max(0, step.begin_ns))}`;
  const took = duration(step.end_ns - step.begin_ns);
  if (step.kind === 'gap') return `${begin}: gap of ${took}`;
  if (step.kind === 'attempt') return `${begin}: attempt ${step.index + 1}, ${took}, ${endOf(step)}`;
  return `${begin}: waits ${took} for ${step.lock} ${step.mode} (${step.place})${step.holder ? `, in front: ${step.holder}` : ''}`;
}

// Attempts and gaps in one lane, waits for locks in another below.
function drawSteps(o) {
  const steps = o.steps.slice().sort((a, b) => a.begin_ns - b.begin_ns);
  const attempts = steps.filter(s => s.kind === 'attempt');
  attempts.slice(1).forEach((s, i) => {
    if (s.index === attempts[i].index + 1) steps.push({ kind: 'gap', begin_ns: attempts[i].end_ns, end_ns: s.begin_ns });
  });
  steps.sort((a, b) => a.begin_ns - b.begin_ns || a.end_ns - b.end_ns);
  const svg = $('steps-picture');
  const width = Math.max(300, svg.clientWidth || 900);
  const begin = Math.min(0, ...steps.map(s => s.begin_ns));
  const end = Math.max(o.duration_ns, ...steps.map(s => s.end_ns)) || 1;
  const x = ns => 4 + (width - 8) * (ns - begin) / (end - begin);
  svg.replaceChildren();
  svg.setAttribute('viewBox', `0 0 ${width} 78`);
  for (const s of steps) {
    const kind = s.kind !== 'attempt' ? '' : s.end.startsWith('miss') ? 'miss' : s.end === 'full' || s.end === 'end_of_file' ? '' : 'bad';
    const lane = s.kind === 'lock_wait' ? { y: 38, height: 10 } : { y: 8, height: 26 };
    const rect = svgNode('rect', { class: `${s.kind.replace('_', '-')} ${kind}`, x: x(s.begin_ns), width: Math.max(2, x(s.end_ns) - x(s.begin_ns)), rx: 2, ...lane });
    rect.append(svgNode('title', {}, wordsOf(s)));
    svg.append(rect);
  }
  const ticks = width < 600 ? 2 : 4;
  for (let i = 0; i <= ticks; i++) {
    const ns = begin + (end - begin) * i / ticks;
    svg.append(svgNode('path', { class: 'tick', d: `M${x(ns)} 52v6` }),
      svgNode('text', { x: x(ns), y: 72, class: 'soft', 'text-anchor': i === 0 ? 'start' : i === ticks ? 'end' : 'middle' }, i ? duration(Math.round(ns)) : '0'));
  }
  const list = steps.map(s => element('li', wordsOf(s), s.kind));
  if (o.outcome === 'in_flight') list.push(element('li', 'It has not ended: what it did so far is told when it has.'));
  else if (!o.steps_complete) list.push(element('li', 'Some of its attempts are not kept any more.'));
  $('steps-list').replaceChildren(...list);
}

function startOperations() {
  $('filter').addEventListener('input', showOperations);
  $('sort').addEventListener('change', showOperations);
  $('steps-close').addEventListener('click', closeSteps);
}
