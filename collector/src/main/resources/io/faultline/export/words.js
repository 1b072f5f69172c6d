'use strict';
// Everything on the page comes from the JSON in #data, and goes in as text, never as markup.
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const operations = data.operations;
const waits = data.waits;
const operationCount = operations.start.length;
const waitCount = waits.start.length;

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
