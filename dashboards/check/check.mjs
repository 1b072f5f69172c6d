// Writes each dashboard as TypeScript literals of the schema's types and lets the compiler judge them. Then does the same
// with a dashboard in which every kind of mistake was planted, and fails when one of these is not found.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const dashboards = path.dirname(here);
const target = path.join(here, 'target');
const types = '@grafana/schema/dist/types';
// Enumerations stand in JSON as their values.
const head = `import type { Dashboard, Panel } from '${types}/index.gen';
type Json<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Json<U>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
type FieldConfig = NonNullable<Panel['fieldConfig']>;
`;
const withFields = ['timeseries', 'table', 'heatmap', 'barchart'];
const known = [...withFields, 'stat', 'bargauge', 'gauge', 'text'];

function literals(dashboard) {
  const { panels, ...rest } = structuredClone(dashboard);
  // The queries of both data sources are no part of the schema; those of panels may hold anything there, these may not.
  rest.annotations.list.forEach((annotation) => (annotation.target = { refId: annotation.target.refId }));
  const lines = [head];
  const types = new Set();
  let count = 0;
  const add = (type, value) => lines.push(`export const v${count++}: Json<${type}> = ${JSON.stringify(value)};`);
  add("Omit<Dashboard, 'panels'>", rest);
  for (const { options, fieldConfig, ...panel } of panels) {
    add("Omit<Panel, 'options' | 'fieldConfig'>", panel);
    if (!known.includes(panel.type)) {
      add('never', panel.type);
      continue;
    }
    types.add(panel.type);
    const { custom = {}, ...defaults } = fieldConfig.defaults;
    add("FieldConfig['defaults']", defaults);
    add("FieldConfig['overrides']", fieldConfig.overrides);
    add(`Partial<${panel.type}.Options>`, options);
    const ofPanel = withFields.includes(panel.type) ? `Partial<${panel.type}.FieldConfig>` : 'Record<string, never>';
    add(ofPanel, custom);
    for (const { id, value } of fieldConfig.overrides.flatMap((override) => override.properties)) {
      const isCustom = id.startsWith('custom.');
      add(isCustom ? ofPanel : "Partial<FieldConfig['defaults']>", { [id.replace('custom.', '')]: value });
    }
  }
  for (const type of types) {
    lines.push(`import type * as ${type} from '@grafana/schema/dist/types/raw/composable/${type}/panelcfg/x/types.gen';`);
  }
  return lines.join('\n') + '\n';
}

/** What the compiler says of these dashboards, by name; lines of those that are as they should be are not there. */
function complaints(all) {
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target);
  for (const [name, dashboard] of Object.entries(all)) {
    fs.writeFileSync(path.join(target, name + '.ts'), literals(dashboard));
  }
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2022',
      types: [],
      paths: { '@grafana/schema/dist/types/*': ['../node_modules/@grafana/schema/dist/types/*'] },
    },
    files: Object.keys(all).map((name) => name + '.ts'),
  };
  fs.writeFileSync(path.join(target, 'tsconfig.json'), JSON.stringify(config));
  try {
    execFileSync(process.execPath, [path.join(here, 'node_modules/typescript/bin/tsc'), '-p', target], { encoding: 'utf8' });
    return [];
  } catch (error) {
    return (error.stdout + error.stderr).split('\n').filter((line) => line.trim());
  }
}

const all = {};
for (const file of fs.readdirSync(dashboards).filter((name) => name.endsWith('.json')).sort()) {
  all[file.replace('.json', '')] = JSON.parse(fs.readFileSync(path.join(dashboards, file)));
}
const found = complaints(all);
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exit(1);
}

const first = (dashboard, type) => dashboard.panels.find((panel) => panel.type === type);
const mistakes = {
  nameOfDashboard: (d) => (d.refrsh = '30s'),
  nameOfPanel: (d) => (d.panels[0].gridpos = {}),
  typeOfPanel: (d) => (d.panels[0].type = 'stats'),
  valueOfOption: (d) => (first(d, 'timeseries').options.legend.displayMode = 'rows'),
  nameOfOption: (d) => (first(d, 'stat').options.reduceOptions.calcz = []),
  valueOfField: (d) => (first(d, 'timeseries').fieldConfig.defaults.custom.drawStyle = 'lines'),
  valueOfColor: (d) => (first(d, 'stat').fieldConfig.defaults.color.mode = 'nope'),
  nameInOverride: (d) => first(d, 'table').fieldConfig.overrides[0].properties.push({ id: 'custom.widht', value: 1 }),
  kindOfThreshold: (d) => (first(d, 'stat').fieldConfig.defaults.thresholds.mode = 'relative'),
  nameOfVariable: (d) => (d.templating.list[1].multiple = true),
  nameInAnnotation: (d) => (d.annotations.list[0].color = 'red'),
};
const planted = {};
for (const [name, plant] of Object.entries(mistakes)) {
  planted[name] = structuredClone(all['faultline-overview']);
  plant(planted[name]);
}
const said = complaints(planted);
const missed = Object.keys(mistakes).filter((name) => !said.some((line) => line.startsWith(name + '.ts') || line.includes('/' + name + '.ts')));
if (missed.length > 0) {
  console.error(`check.mjs: mistakes that were planted and not found: ${missed.join(', ')}`);
  process.exit(1);
}
const version = JSON.parse(fs.readFileSync(path.join(here, 'node_modules/@grafana/schema/package.json'))).version;
console.log(`${Object.keys(all).length} dashboards are as @grafana/schema ${version} wants them; ${Object.keys(mistakes).length} planted mistakes were found`);
