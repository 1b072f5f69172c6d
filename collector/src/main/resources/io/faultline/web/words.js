'use strict';
// What all parts of the page share: numbers and times in words, elements, and asking the server.

const $ = id => document.getElementById(id);

const UNITS = [['ns', 1], ['us', 1e3], ['ms', 1e6], ['s', 1e9]];
function duration(ns) {
  if (ns >= 3600e9) return `${Math.floor(ns / 3600e9)} h ${Math.round(ns % 3600e9 / 60e9)} min`;
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
// With the day when it is not today.
function moment(ms) {
  const date = new Date(ms);
  return date.toDateString() === new Date().toDateString() ? clock(ms) : date.toLocaleString();
}

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
// The answer as JSON; an Error whose message is the server's sentence, with the status.
async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: 'no-store', ...options });
  if (!answer.ok) {
    const error = new Error((await answer.text()).trim() || `${path}: ${answer.status}`);
    error.status = answer.status;
    throw error;
  }
  return answer.status === 204 ? null : answer.json();
}
const send = (path, body) =>
  ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

// Puts new nodes into a place; what was open or had the focus is so again, by data-key.
function replaceIn(place, nodes) {
  const open = new Map([...place.querySelectorAll('details[data-key]')].map(d => [d.dataset.key, d.open]));
  const active = place.contains(document.activeElement) ? document.activeElement.closest('[data-key]') : null;
  const focused = active ? active.dataset.key : null;
  place.replaceChildren(...nodes);
  for (const details of place.querySelectorAll('details[data-key]')) {
    if (open.has(details.dataset.key)) details.open = open.get(details.dataset.key);
  }
  const again = focused ? place.querySelector(`[data-key="${CSS.escape(focused)}"]`) : null;
  if (again) (again.matches('details') ? again.querySelector('summary') : again).focus({ preventScroll: true });
}

function button(text, key, onClick) {
  const node = element('button', text);
  node.type = 'button';
  node.dataset.key = key;
  node.addEventListener('click', onClick);
  return node;
}

function stack(frames, key) {
  const details = element('details');
  details.dataset.key = key;
  details.append(element('summary', 'stack'), element('pre', frames.join('\n')));
  return details;
}
