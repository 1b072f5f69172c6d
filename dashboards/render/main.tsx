// A dashboard's JSON as a scene: its panels, variables, transformations and time range, over real servers.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import { from, map } from 'rxjs';
import {
  EventBusSrv,
  LoadingState,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
} from '@grafana/data';
import { config, setAppEvents, setPluginImportUtils, setRunRequest, setTemplateSrv } from '@grafana/runtime';
import {
  ConstantVariable,
  EmbeddedScene,
  QueryVariable,
  registerRuntimeDataSource,
  SceneDataTransformer,
  SceneGridItem,
  SceneGridLayout,
  SceneQueryRunner,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
  VizPanel,
} from '@grafana/scenes';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { standardProperties } from './fieldconfig';
import { registerPanels, theme } from './panels';
import { Influx, log, Prometheus } from './sources';

setPluginImportUtils({
  importPanelPlugin: async (id: string) => {
    throw new Error('no panel plugin ' + id);
  },
  getPanelPluginFromCache: () => undefined,
} as any);
setAppEvents(new EventBusSrv() as any);
setTemplateSrv({
  replace: (text: any) => text,
  getVariables: () => [],
  updateTimeRange() {},
  containsTemplate: () => false,
} as any);
setRunRequest(((source: any, request: any) =>
  from(source.query(request)).pipe(
    map((answer: any) => ({ state: LoadingState.Done, series: answer.data, timeRange: request.range, request }))
  )) as any);
(config as any).theme2 = theme;
(config as any).bootData = { user: { timezone: 'utc', weekStart: 'monday', locale: 'en' }, settings: {} };
standardFieldConfigEditorRegistry.setInit(() => standardProperties as any);
const organize = standardTransformers.organizeFieldsTransformer;
standardTransformersRegistry.setInit(
  () => [{ id: organize.id, name: organize.name, transformation: async () => organize, editor: () => null }] as any
);
registerPanels();
registerRuntimeDataSource({ dataSource: new Influx('influxdb', 'influx') });
registerRuntimeDataSource({ dataSource: new Prometheus('prometheus', 'prometheus') });

function variable(json: any, uid: string, type: string) {
  if (json.type === 'datasource') {
    return new ConstantVariable({ name: json.name, value: uid, hide: 2 as any });
  }
  return new QueryVariable({
    name: json.name,
    label: json.label,
    datasource: { uid, type },
    query: json.query,
    isMulti: json.multi,
    includeAll: json.includeAll,
    allValue: json.allValue,
    sort: json.sort,
    value: json.current.value,
    text: json.current.text,
  });
}

function panel(json: any, datasource: any) {
  const queries = new SceneQueryRunner({ datasource, queries: json.targets, maxDataPoints: 500, minInterval: json.interval });
  return new SceneGridItem({
    x: json.gridPos.x,
    y: json.gridPos.y,
    width: json.gridPos.w,
    height: json.gridPos.h,
    body: new VizPanel({
      pluginId: json.type,
      title: json.title,
      description: json.description,
      options: json.options,
      fieldConfig: json.fieldConfig,
      $data: new SceneDataTransformer({ $data: queries, transformations: json.transformations ?? [] }),
    }),
  });
}

async function show() {
  const json = await (await fetch('/dashboard')).json();
  const isPrometheus = json.uid.endsWith('prometheus');
  const [uid, type] = isPrometheus ? ['prometheus', 'prometheus'] : ['influx', 'influxdb'];
  const links = json.links.map((link: any) => link.title).join('   ');
  const scene = new EmbeddedScene({
    $timeRange: new SceneTimeRange({ from: json.time.from, to: json.time.to, timeZone: 'utc' }),
    $variables: new SceneVariableSet({ variables: json.templating.list.map((one: any) => variable(one, uid, type)) }),
    controls: [new VariableValueSelectors({})],
    body: new SceneGridLayout({ children: json.panels.map((one: any) => panel(one, { uid, type })) }),
  });
  // What went wrong after the query, such as in a transformation.
  (window as any).__errors = () =>
    scene.state.body.state.children.flatMap((item: any) =>
      (item.state.body.state.$data.state.data?.errors ?? []).map((error: any) => `${item.state.body.state.title}: ${error.message}`)
    );
  createRoot(document.getElementById('root')!).render(
    <MemoryRouter>
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        <div style={{ background: theme.colors.background.canvas, color: theme.colors.text.primary }}>
          <div style={{ padding: '10px 16px 0', display: 'flex', justifyContent: 'space-between' }}>
            <strong>{json.title}</strong>
            <span style={{ whiteSpace: 'pre', color: theme.colors.text.link }}>{links}</span>
          </div>
          <scene.Component model={scene} />
        </div>
        <PortalContainer />
      </ThemeContext.Provider>
    </MemoryRouter>
  );
}

show().catch((error) => log.push({ query: 'dashboard', error: String(error), series: 0 }));
