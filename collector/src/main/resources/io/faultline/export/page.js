'use strict';
// Everything on the page comes from the JSON in #data, and goes in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = (id) => document.getElementById(id);
  const operations = data.operations;
  const waits = data.waits;
  const operationCount = operations.start.length;
  const waitCount = waits.start.length;

  // --- Words -------------------------------------------------------------------------------------------------------

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  function duration(ns) {
    const sign = ns < 0 ? '-' : '';
    let value = Math.abs(ns);
    if (value < 1000) return sign + Math.round(value) + ' ns';
    const units = ['ns', 'us', 'ms', 's'];
    let unit = 0;
    while (value >= 1000 && unit < 3) { value /= 1000; unit++; }
    return sign + value.toFixed(value < 10 ? 1 : 0) + ' ' + units[unit];
  }

  function bytes(count) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let value = count;
    let unit = 0;
    while (value >= 1024 && unit < 5) { value /= 1024; unit++; }
    return (value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1)) + ' ' + units[unit];
  }

  const grouped = new Intl.NumberFormat('en-US');
  const number = (value) => grouped.format(value);
  const seconds = (ns, digits) => (ns < 0 ? '-' : '+') + (Math.abs(ns) / 1e9).toFixed(digits === undefined ? 6 : digits) + ' s';

  function wallTime(ns) {
    const ms = data.startMs + ns / 1e6;
    return Number.isFinite(ms) ? new Date(ms).toISOString().replace('T', ' ').replace('Z', '') + ' UTC' : '';
  }

  const text = (i) => data.texts[i];
  const taskName = (i) => data.tasks[i][2] + ' ' + data.tasks[i][1];

  function fileName(i) {
    const [path, fs, dev, ino] = data.files[i];
    return path || fs + ' ' + dev + ' inode ' + ino;
  }

  // --- Summary -----------------------------------------------------------------------------------------------------

  function showSummary() {
    document.title = 'Faultline report: ' + data.host;
    byId('where').textContent = data.host + ', Linux ' + data.kernel + ', ' + duration(data.span) + ' from '
      + data.start.replace('T', ' ').replace(/(\.\d{3})\d*Z$/, '$1').replace('Z', '') + ' UTC';
    byId('summary').className = data.level;
    byId('headline').textContent = data.headline;
    for (const [title, lines] of [['What happened', data.what], ['How bad it is', data.bad], ['What to do next', data.next]]) {
      byId('story').append(make('div', {}, make('h3', { textContent: title }),
        make('ul', {}, ...lines.map((line) => make('li', { textContent: line })))));
    }
    const totals = data.totals;
    const share = totals.operations ? (100 * totals.retried / totals.operations).toFixed(2) + ' %' : '';
    const figures = [
      ['Operations', number(totals.operations), number(totals.attempts) + ' attempts'],
      ['Retried', number(totals.retried), share],
      ['Cost of retries', duration(totals.retryNs), number(totals.retries) + ' retries'],
      ['Through the page cache', number(totals.buffered), ''],
      ['Lock waits', number(totals.lockWaits), duration(totals.lockWaitNs)],
      ['Transferred', bytes(totals.bytes), 'directly'],
    ];
    for (const [name, value, more] of figures) {
      byId('figures').append(make('div', {}, make('dt', { textContent: name }),
        make('dd', { textContent: value }, more ? make('small', { textContent: more }) : null)));
    }
    byId('about').textContent = 'Made by faultline ' + data.version + ' from a recording of boot ' + data.boot
      + '. This page is complete in itself and loads nothing.';
  }

  // --- Alerts ------------------------------------------------------------------------------------------------------

  function stack(functions) {
    return functions.length === 0 ? null
      : make('details', {}, make('summary', { textContent: 'Stack' }), make('pre', { textContent: functions.join('\n') }));
  }

  function showAlerts() {
    const ranks = { critical: 0, warning: 1, info: 2 };
    const order = data.alerts.map((alert, i) => i).sort((a, b) =>
      ranks[data.alerts[a].severity] - ranks[data.alerts[b].severity] || data.alerts[a].first - data.alerts[b].first);
    byId('alerts').hidden = order.length === 0;
    for (const i of order) {
      const alert = data.alerts[i];
      const evidence = alert.evidence.map((item) => make('li', {},
        make('span', { className: 'mono', textContent: item.comm + ' ' + item.tid }), ' ' + item.text + ' ',
        make('span', { className: 'meta', textContent: '(' + seconds(item.at, 3) + ')' }), stack(item.stack)));
      const when = seconds(alert.first, 3) + (alert.last > alert.first ? ', for ' + duration(alert.last - alert.first) : '')
        + (alert.count > 1 ? ', seen ' + number(alert.count) + ' times' : '')
        + (alert.complete ? '' : '; events are missing');
      byId('alerts').append(make('article', { className: 'alert ' + alert.severity },
        make('span', { className: 'badge ' + alert.severity, textContent: alert.severity }),
        make('span', { className: 'meta', textContent: ' ' + alert.rule.replace('_', ' ') + ', ' + alert.state + ', ' + alert.verdict
          + (alert.why ? ': ' + alert.why : '') }),
        make('h3', { textContent: alert.title }),
        make('p', { className: 'meta hint', textContent: when + ' (' + wallTime(alert.first) + ')' },
          ' ', button('Show in the timeline', () => showSpan(alert.first, Math.max(alert.last, alert.first)))),
        evidence.length > 0 ? make('ol', {}, ...evidence) : null));
    }
  }

  function button(label, onClick) {
    const element = make('button', { type: 'button', textContent: label });
    element.addEventListener('click', onClick);
    return element;
  }

  // --- Tables ------------------------------------------------------------------------------------------------------

  const PAGE_ROWS = 20;
  const BARE_ROWS = 8; // a table that small needs no filter and no pages

  /**
   * A table that is sorted by its heads, filtered by text, and paged. Columns: name, show(row) as text or element, and
   * for sorting key(row) as a number; without one the text sorts. choices narrow the rows down.
   */
  function table(section, settings) {
    const { count, columns, choices, onPick } = settings;
    if (count === 0) return;
    section.hidden = false;
    let sort = settings.sort;
    let isDown = true;
    let page = 0;
    let rows = [];
    const words = []; // of each row, made when first asked for
    const filter = make('input', { type: 'search', placeholder: 'Filter', ariaLabel: 'Filter' });
    const choice = make('select', { ariaLabel: 'Which' });
    for (const [label] of choices || []) choice.append(make('option', { textContent: label }));
    const bar = make('div', { className: 'bar' }, filter, choices ? choice : null);
    const head = make('tr', {});
    const body = make('tbody', {});
    const found = make('span', { className: 'meta' });
    const previous = button('Previous', () => { page--; show(); });
    const next = button('Next', () => { page++; show(); });
    const pages = make('div', { className: 'bar' }, previous, next, found);
    if (count > BARE_ROWS) section.append(bar);
    section.append(make('div', { className: 'scroll' }, make('table', {}, make('thead', {}, head), body)), pages);

    columns.forEach((column, i) => {
      const name = button(column.name, () => {
        isDown = sort === i ? !isDown : Boolean(column.key);
        sort = i;
        select();
      });
      head.append(make('th', { scope: 'col', className: column.key ? 'num' : '' }, name));
    });

    function wordsOf(row) {
      if (words[row] === undefined) {
        words[row] = columns.filter((column) => !column.key).map((column) => column.text(row)).join(' ').toLowerCase();
      }
      return words[row];
    }

    function select() {
      const wanted = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      const isChosen = choices ? choices[choice.selectedIndex][1] : () => true;
      rows = [];
      for (let row = 0; row < count; row++) {
        if (isChosen(row) && (wanted.length === 0 || wanted.every((word) => wordsOf(row).includes(word)))) rows.push(row);
      }
      const column = columns[sort]; // none: as they come
      if (column && column.key) {
        const keys = new Float64Array(count);
        for (const row of rows) keys[row] = column.key(row);
        rows.sort((a, b) => keys[a] - keys[b] || a - b);
      } else if (column) {
        const keys = new Map(rows.map((row) => [row, column.text(row)]));
        rows.sort((a, b) => (keys.get(a) < keys.get(b) ? -1 : keys.get(a) > keys.get(b) ? 1 : a - b));
      }
      if (column && isDown) rows.reverse();
      page = 0;
      show();
    }

    function show() {
      [...head.children].forEach((cell, i) => {
        if (i === sort) cell.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
        else cell.removeAttribute('aria-sort');
        cell.firstChild.textContent = columns[i].name + (i === sort ? (isDown ? ' \u2193' : ' \u2191') : '');
      });
      const from = page * PAGE_ROWS;
      const shown = rows.slice(from, from + PAGE_ROWS);
      body.replaceChildren(...shown.map((row) => {
        const line = make('tr', { className: onPick ? 'can' : '' }, ...columns.map((column) => {
          const cell = make('td', { className: (column.key ? 'num' : '') + (column.isLong ? 'long' : '') });
          cell.append(column.show ? column.show(row) : column.text(row));
          return cell;
        }));
        if (onPick) {
          line.tabIndex = 0;
          line.addEventListener('click', () => onPick(row));
          line.addEventListener('keydown', (event) => { if (event.key === 'Enter') onPick(row); });
        }
        return line;
      }));
      found.textContent = rows.length === 0 ? 'Nothing matches.'
        : number(from + 1) + ' to ' + number(from + shown.length) + ' of ' + number(rows.length);
      previous.disabled = page === 0;
      next.disabled = from + PAGE_ROWS >= rows.length;
      pages.hidden = count <= BARE_ROWS;
    }

    let pending = 0;
    filter.addEventListener('input', () => { clearTimeout(pending); pending = setTimeout(select, 120); });
    choice.addEventListener('change', select);
    select();
  }

  const column = (name, text, isLong) => ({ name, text, isLong });
  const numbers = (name, key, format) => ({ name, key, text: (row) => (format || number)(key(row)) });

  // --- Operations and waits ----------------------------------------------------------------------------------------

  const outcomeOf = (i) => text(operations.outcome[i]);

  /** The class that colours an operation. */
  function kindOf(i) {
    switch (outcomeOf(i)) {
      case 'direct': return operations.attempts[i] > 1 ? 'miss' : 'direct';
      case 'buffered': return 'buffered';
      case 'in_flight': return 'flight';
      case 'lost': return 'lost';
      default: return 'bad';
    }
  }

  function showOperations() {
    table(byId('operations'), {
      count: operationCount,
      sort: 3,
      onPick: (i) => pick('operation', i, true),
      choices: [
        ['All', () => true],
        ['Retried', (i) => operations.attempts[i] > 1],
        ['Not direct', (i) => outcomeOf(i) !== 'direct'],
        ['In flight', (i) => outcomeOf(i) === 'in_flight'],
        ['Reads', (i) => operations.write[i] === 0],
        ['Writes', (i) => operations.write[i] === 1],
      ],
      columns: [
        column('Task', (i) => taskName(operations.task[i])),
        { ...column('Outcome', (i) => outcomeOf(i).replace('_', ' ')),
          show: (i) => make('span', {}, make('span', { className: 'dot c-' + kindOf(i) }), outcomeOf(i).replace('_', ' ')) },
        numbers('Attempts', (i) => operations.attempts[i]),
        numbers('Cost', (i) => operations.retry[i], duration),
        numbers('Took', (i) => operations.duration[i], duration),
        numbers('Lock wait', (i) => operations.wait[i], duration),
        column('', (i) => (operations.write[i] ? 'write' : 'read')),
        numbers('Size', (i) => operations.requested[i], bytes),
        numbers('Began', (i) => operations.start[i], (ns) => seconds(ns)),
        column('File', (i) => fileName(operations.file[i]), true),
      ],
    });
    note(byId('operations'), data.totals.operationsOmitted, 'cheaper operations are not listed');
    note(byId('operations'), data.totals.attemptsOmitted, 'attempts are not drawn');
  }

  function note(section, count, words) {
    if (count > 0) section.append(make('p', { className: 'quiet', textContent: number(count) + ' ' + words + '.' }));
  }

  function showWaits() {
    table(byId('waits'), {
      count: waitCount,
      sort: 1,
      onPick: (i) => pick('wait', i, true),
      columns: [
        column('Task', (i) => taskName(waits.task[i])),
        numbers('Waited', (i) => waits.duration[i], duration),
        column('Lock', (i) => text(waits.lock[i]) + ' ' + text(waits.mode[i])),
        column('Holder', (i) => text(waits.holder[i])),
        column('End', (i) => text(waits.end[i])),
        column('In operation', (i) => (text(waits.place[i]) === 'none' ? '' : text(waits.place[i]))),
        numbers('Began', (i) => waits.start[i], (ns) => seconds(ns)),
        column('Of', (i) => text(waits.owner[i]), true),
      ],
    });
    note(byId('waits'), data.totals.waitsOmitted, 'shorter waits are not listed');
  }

  function linesOf(kind, i) {
    if (kind === 'operation') {
      const lines = [
        taskName(operations.task[i]) + ': ' + (operations.write[i] ? 'write' : 'read') + ' of '
          + bytes(operations.requested[i]) + ' at ' + number(operations.pos[i]),
        fileName(operations.file[i]),
        outcomeOf(i).replace('_', ' ') + ' after ' + duration(operations.duration[i]) + ', '
          + operations.attempts[i] + (operations.attempts[i] === 1 ? ' attempt' : ' attempts')
          + (operations.retry[i] > 0 ? ', retrying cost ' + duration(operations.retry[i]) : '')
          + (operations.wait[i] > 0 ? ', waited ' + duration(operations.wait[i]) + ' for locks' : ''),
        seconds(operations.start[i]) + ', ' + wallTime(operations.start[i]),
      ];
      const [from, to] = passesOf(i);
      for (let p = from; p < to; p++) {
        lines.push('attempt ' + (p - from + 1) + ' at +' + duration(data.attempts.start[p]) + ', '
          + duration(data.attempts.duration[p]) + ': ' + text(data.attempts.end[p]).replace('_', ' '));
      }
      return lines.length > 16 ? [...lines.slice(0, 15), '... and ' + (lines.length - 15) + ' more attempts'] : lines;
    }
    if (kind === 'wait') {
      const isGranted = text(waits.end[i]) === 'granted';
      return [
        taskName(waits.task[i]) + ' waited ' + duration(waits.duration[i]) + (isGranted ? '' : ' (' + text(waits.end[i]) + ')'),
        'for ' + text(waits.lock[i]) + ' ' + text(waits.mode[i]) + (text(waits.owner[i]) ? ' of ' + text(waits.owner[i]) : ''),
        text(waits.holder[i]) ? 'in the way: ' + text(waits.holder[i]) : 'who held it is not known',
        seconds(waits.start[i]) + ', ' + wallTime(waits.start[i]),
      ];
    }
    if (kind === 'alert') {
      const alert = data.alerts[i];
      return [alert.severity + ' alert: ' + alert.title, seconds(alert.first) + ', ' + wallTime(alert.first)];
    }
    return [text(data.demotes.lock[i]) + ' was taken away by another node', seconds(data.demotes.start[i])];
  }

  /** Shows one thing below the timeline, and in it when asked for. */
  function pick(kind, i, isToBeShown) {
    picked = { kind, i };
    const lines = linesOf(kind, i);
    byId('picked').replaceChildren(make('strong', { textContent: lines[0] }),
      ...lines.slice(1).map((line) => make('div', { textContent: line })),
      ...(kind === 'wait' && text(waits.stack[i]) ? [stack(text(waits.stack[i]).split('\n'))] : []));
    if (isToBeShown) {
      const all = kind === 'operation' ? operations : waits;
      const margin = Math.max(all.duration[i] * 2, 20000);
      setView(all.start[i] - margin, all.start[i] + all.duration[i] + margin);
      lanesBox.scrollTop = laneOf[all.task[i]] * LANE - lanesBox.clientHeight / 2;
      byId('timeline').scrollIntoView({ block: 'nearest' });
    }
    draw();
  }

  // --- Timeline ----------------------------------------------------------------------------------------------------

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

  // --- The rest ----------------------------------------------------------------------------------------------------

  function small(id, rows, columns) {
    table(byId(id), { count: rows.length, sort: columns.findIndex((c) => c.key), columns: columns.map((c) => ({
      ...c, key: c.key && ((i) => c.key(rows[i])), text: (i) => c.text(rows[i]) || '' })) });
  }

  const value = (name, i) => column(name, (row) => row[i]);
  const amount = (name, i, format) => ({ name, key: (row) => row[i], text: (row) => (format || number)(row[i]) });

  function showRest() {
    small('demoted', data.demoted, [value('Lock', 0), { ...value('Of', 1), isLong: true }, amount('Times', 2), amount('Last', 3, seconds)]);
    small('hung', data.hung, [value('Task', 0), amount('Thread', 1), amount('When', 2, seconds)]);
    small('totals', data.cells, [value('File system', 0), value('Device', 1), value('', 2), amount('Attempts', 3), amount('Operations', 4),
      amount('Retried', 5), amount('Retries', 6), amount('Transferred', 7, bytes), amount('Cost', 8, duration),
      amount('Half under', 9, duration), amount('99 % under', 10, duration)]);
    if (data.lockCells.length > 0) byId('totals').append(make('h3', { textContent: 'Locks' }));
    small('totals', data.lockCells, [value('Lock', 0), value('Mode', 1), amount('Grants', 2), amount('Waits', 3), amount('Waited', 4, duration),
      amount('Half under', 5, duration), amount('99 % under', 6, duration), amount('Longest', 7, duration)]);
    showBalance();
    small('hooks', data.hooks, [value('Hook', 0), { ...value('Attached as', 1), isLong: true }]);
  }

  function showBalance() {
    const balance = data.balance;
    const isComplete = balance.reasons.length === 0;
    byId('balance').append(make('p', {},
      make('span', { className: 'badge ' + (isComplete ? 'complete' : 'incomplete'), textContent: isComplete ? 'complete' : 'incomplete' }),
      ' ' + number(balance.hits) + ' hits = ' + number(balance.emitted) + ' emitted + ' + number(balance.aggregated) + ' counted + '
        + number(balance.skipped) + ' skipped + ' + number(balance.lost) + ' lost'));
    const problems = [...balance.reasons, ...balance.problems];
    if (problems.length > 0) {
      byId('balance').append(make('ul', {}, ...problems.map((problem) => make('li', { textContent: problem }))));
    }
    const probes = make('details', {}, make('summary', { textContent: 'By probe' }));
    byId('balance').append(probes);
    const rows = balance.probes;
    table(probes, { count: rows.length, sort: 1, columns: [
      column('Probe', (i) => rows[i][0]),
      ...['Hits', 'Emitted', 'Counted', 'Skipped', 'Lost', 'Arrived'].map((name, k) => numbers(name, (i) => rows[i][k + 1])),
    ] });
  }

  showSummary();
  buildLanes();
  showAlerts();
  showTimeline();
  showOperations();
  showWaits();
  showRest();
})();
