'use strict';
// Alerts with their evidence, and the silences that keep them from being told.

const times = count => count === 1 ? 'once' : `${number(count)} times`;
const until = ms => ms === null ? 'until it is taken away' : `until ${moment(ms)}`;
let canSilence = false;
let isRedacted = false;

function alertBox(a) {
  const box = element('article', null, `alert ${a.severity} ${a.state === 'resolved' || a.silenced !== null ? 'over' : ''}`);
  const head = element('div', null, 'head');
  head.append(element('span', a.severity, `badge ${a.severity}`), element('span', a.state, `badge ${a.state}`));
  if (a.silenced !== null) head.append(element('span', 'silenced', 'badge silenced'));
  head.append(element('span', `${a.rule}, ${a.verdict}${a.why ? `: ${a.why}` : ''}`, 'quiet'));
  box.append(head, element('h3', a.title));
  const where = [a.host, a.path || [a.fs, a.dev].filter(t => t).join(' ')].filter(t => t).join(', ');
  const when = a.first_ms === a.last_ms ? `at ${moment(a.first_ms)}` : `${moment(a.first_ms)} to ${moment(a.last_ms)}`;
  box.append(element('p', [where, `${when}, seen ${times(a.count)}`].filter(t => t).join('; '), 'quiet'));
  if (a.silenced !== null) box.append(element('p', `Silenced ${until(a.silenced_until_ms)}: ${a.silenced}`, 'quiet'));
  const details = element('details');
  details.dataset.key = `evidence ${a.id}`;
  details.open = a.severity === 'critical' && a.state === 'firing';
  const list = element('ol');
  a.evidence.forEach((e, i) => {
    const item = element('li', `${clock(e.time_ms)} ${e.comm ? `${e.comm} (${e.tid})` : ''} ${e.text}`);
    if (e.stack.length) item.append(stack(e.stack, `stack ${a.id} ${i}`));
    list.append(item);
  });
  details.append(element('summary', `evidence (${a.evidence.length})`), list);
  box.append(details);
  if (canSilence && a.state !== 'resolved' && a.silenced === null) {
    box.append(button('Silence…', `silence ${a.id}`, () => openSilence(a)));
  }
  return box;
}

function showAlerts(answer) {
  const rank = { critical: 0, warning: 1, info: 2 };
  const alerts = answer.alerts.slice().sort((a, b) =>
    (a.state === 'resolved') - (b.state === 'resolved') || (a.silenced !== null) - (b.silenced !== null)
    || rank[a.severity] - rank[b.severity] || b.last_ms - a.last_ms);
  replaceIn($('alerts'), alerts.length ? alerts.map(alertBox) : [element('p', 'No rule has found anything.', 'quiet')]);
}

function whatOf(s) {
  return [s.rule, s.fs && `on ${s.fs}`, s.dev && `on device ${s.dev}`, s.path && `about ${s.path}`].filter(t => t).join(' ');
}

function showSilences(answer) {
  $('silences').hidden = false;
  const rows = answer.silences.map(s => row([
    [whatOf(s), 'file'], [s.until_ms === null ? 'no end' : moment(s.until_ms)], [s.comment, 'file'],
    [s.configured ? element('span', 'from the configuration', 'quiet') : button('End', `end ${s.id}`, () => endSilence(s))]]));
  replaceIn($('silence-list').tBodies[0], rows);
  $('silence-scroll').hidden = !rows.length;
  $('silences-none').hidden = rows.length > 0;
  $('silences-kept').hidden = answer.kept;
}

async function endSilence(s) {
  try {
    await ask(`/api/v1/silences/${encodeURIComponent(s.id)}`, { method: 'DELETE' });
    $('silence-said').textContent = `The silence of ${whatOf(s)} has ended.`;
  } catch (error) {
    $('silence-said').textContent = error.message;
  }
  refresh(true);
}

function openSilence(a) {
  $('silence-rule').value = a ? a.rule : '';
  $('silence-fs').value = a ? a.fs : '';
  $('silence-dev').value = a && !a.path ? a.dev : '';
  $('silence-path').value = a && a.path && !isRedacted ? a.path : '';
  $('silence-comment').value = '';
  $('silence-error').textContent = '';
  $('silence-dialog').showModal();
  $('silence-comment').focus();
}

async function addSilence(event) {
  event.preventDefault();
  const body = { duration_s: Number($('silence-duration').value), comment: $('silence-comment').value.trim() };
  for (const name of ['rule', 'fs', 'dev', 'path']) {
    const value = $(`silence-${name}`).value.trim();
    if (value) body[name] = value;
  }
  try {
    const added = await send('/api/v1/silences', body);
    $('silence-dialog').close();
    $('silence-said').textContent = `Silenced ${until(added.until_ms)}: ${whatOf(added)}.`;
    refresh(true);
  } catch (error) {
    $('silence-error').textContent = error.message;
  }
}

function startAlerts(info) {
  canSilence = info.can_silence;
  isRedacted = info.redacted;
  if (!canSilence) return;
  $('silence-path').closest('p').hidden = isRedacted;
  $('silence-form').addEventListener('submit', addSilence);
  $('silence-cancel').addEventListener('click', () => $('silence-dialog').close());
  $('silence-new').addEventListener('click', () => openSilence(null));
}
