// Serves the page and what it asks for, and takes a picture of each dashboard:
// node render.mjs INFLUXD PROMETHEUS FROM TO FROM_PROMETHEUS TO_PROMETHEUS (URLs; ms since 1970). Exit code 1 when a query failed.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import UPNG from 'upng-js';

const here = path.dirname(fileURLToPath(import.meta.url));
const dashboards = path.dirname(here);
const [influx, prometheus, ...times] = process.argv.slice(2);
const [from, to, fromPrometheus, toPrometheus] = times.map(Number);
const database = 'incident';
const pixelsOfRow = 38;
const pixelsAround = 110;

await build({
  entryPoints: [path.join(here, 'main.tsx')],
  bundle: true,
  outfile: path.join(here, 'target/main.js'),
  format: 'iife',
  target: 'es2022',
  minify: true,
  jsx: 'automatic',
  logLevel: 'error',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: { '.svg': 'text', '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl', '.png': 'dataurl' },
  alias: {
    '@grafana/plugin-compat/datasources': path.join(here, 'compat.ts'),
    'react-router-dom-v5-compat': 'react-router-dom',
  },
});

let shown;

async function proxied(url, response) {
  const answer = await fetch(url);
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(await answer.text());
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const text = (type, body) => {
    response.setHeader('content-type', type);
    response.end(body);
  };
  if (url.pathname === '/influx') {
    proxied(`${influx}/query${url.search}&db=${database}`, response);
  } else if (url.pathname.startsWith('/prometheus/')) {
    proxied(`${prometheus}/api/v1/${url.pathname.slice('/prometheus/'.length)}${url.search}`, response);
  } else if (url.pathname === '/dashboard') {
    text('application/json', JSON.stringify(shown));
  } else if (url.pathname === '/main.js' || url.pathname === '/main.css') {
    const file = path.join(here, 'target', url.pathname);
    text(url.pathname.endsWith('js') ? 'text/javascript' : 'text/css', fs.existsSync(file) ? fs.readFileSync(file) : '');
  } else if (url.pathname === '/') {
    text('text/html', '<!doctype html><meta charset=utf8><link rel=stylesheet href=/main.css><style>body{margin:0}</style><div id=root></div><script src=/main.js></script>');
  } else {
    response.statusCode = 404;
    response.end();
  }
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const page = `http://127.0.0.1:${server.address().port}/`;

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((one) => fs.existsSync(one));
if (!executablePath) {
  console.error('render: chromium: not found (expected: package chromium)');
  process.exit(1);
}
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
let failed = false;
for (const file of fs.readdirSync(dashboards).filter((name) => name.endsWith('.json')).sort()) {
  shown = JSON.parse(fs.readFileSync(path.join(dashboards, file)));
  const range = shown.uid.endsWith('prometheus') ? [fromPrometheus, toPrometheus] : [from, to];
  shown.time = { from: new Date(range[0]).toISOString(), to: new Date(range[1]).toISOString() };
  const rows = Math.max(...shown.panels.map((panel) => panel.gridPos.y + panel.gridPos.h));
  const tab = await browser.newPage({ viewport: { width: 1400, height: rows * pixelsOfRow + pixelsAround } });
  const complaints = [];
  tab.on('pageerror', (error) => complaints.push(error.message));
  await tab.goto(page);
  const wanted = shown.panels.reduce((sum, panel) => sum + panel.targets.length, 0);
  await tab.waitForFunction((count) => window.__log.length >= count, wanted, { timeout: 60000 });
  await tab.waitForLoadState('networkidle');
  const log = await tab.evaluate(() => window.__log);
  const errors = log.filter((one) => one.error).map((one) => `${one.query}: ${one.error}`);
  const inPanels = await tab.evaluate(() => window.__errors());
  for (const problem of [...errors, ...inPanels, ...complaints]) {
    failed = true;
    console.error(`render: ${file}: ${problem}`);
  }
  const picture = path.join(dashboards, 'pictures', file.replace('.json', '.png'));
  // 64 colours are enough for a dark page, and a fraction of the size.
  const png = UPNG.decode(await tab.screenshot());
  fs.writeFileSync(picture, Buffer.from(UPNG.encode(UPNG.toRGBA8(png), png.width, png.height, 64)));
  console.log(`${picture}: ${log.length} queries, ${log.filter((one) => !one.series).length} found nothing`);
  await tab.close();
}
await browser.close();
server.close();
process.exit(failed ? 1 : 0);
