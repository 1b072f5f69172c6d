// The page's sections, from top to bottom.
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
