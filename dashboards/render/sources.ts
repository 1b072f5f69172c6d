// InfluxQL and PromQL as Grafana's data sources send them, and frames as these make of the answers.
import { FieldType, toDataFrame } from '@grafana/data';
import { RuntimeDataSource, sceneGraph } from '@grafana/scenes';

export const log: any[] = [];
(window as any).__log = log;

async function ask(path: string, query: string): Promise<any> {
  const answer = await (await fetch(path)).json();
  const error = answer.error ?? answer.results?.[0]?.error ?? null;
  const found = answer.results?.[0]?.series ?? answer.data?.result ?? answer.data ?? [];
  log.push({ query, error, series: found.length });
  if (error) {
    throw new Error(error);
  }
  return found;
}

function filledIn(query: string, request: any): string {
  const from = request.range.from.valueOf();
  const to = request.range.to.valueOf();
  const text = query
    .replace(/\$timeFilter/g, `time >= ${from}ms and time <= ${to}ms`)
    .replace(/\$__rate_interval/g, `${4 * request.intervalMs}ms`)
    .replace(/\$__range/g, `${to - from}ms`)
    .replace(/\$\{__to\}/g, String(to));
  return sceneGraph.interpolate(request.scopedVars.__sceneObject.value.valueOf(), text, request.scopedVars, 'regex');
}

function frame(refId: string, name: string, labels: any, times: number[], values: any[]) {
  return toDataFrame({
    refId,
    name,
    fields: [
      { name: 'Time', type: FieldType.time, values: times },
      { name: 'Value', type: FieldType.number, labels, config: { displayNameFromDS: name }, values },
    ],
  });
}

function named(alias: string, tags: Record<string, string> = {}): string {
  return alias.replace(/\$tag_(\w+)/g, (_, tag) => tags[tag] ?? '').replace(/\{\{(\w+)}}/g, (_, tag) => tags[tag] ?? '');
}

function typeOf(name: string, values: any[]): FieldType {
  if (name === 'Time') {
    return FieldType.time;
  }
  const value = values.find((one) => one !== null);
  return typeof value === 'number' ? FieldType.number : typeof value === 'boolean' ? FieldType.boolean : FieldType.string;
}

function table(refId: string, columns: Record<string, any[]>) {
  return toDataFrame({
    refId,
    fields: Object.entries(columns).map(([name, values]) => ({ name, type: typeOf(name, values), values })),
  });
}

export class Influx extends RuntimeDataSource<any> {
  async query(request: any) {
    const data: any[] = [];
    for (const target of request.targets) {
      const series = await this.series(filledIn(target.query, request));
      if (target.resultFormat === 'table') {
        const columns: Record<string, any[]> = {};
        for (const one of series) {
          for (const row of one.values) {
            one.columns.forEach((column: string, i: number) => {
              (columns[column === 'time' ? 'Time' : column] ??= []).push(row[i]);
            });
            Object.entries(one.tags ?? {}).forEach(([tag, value]) => (columns[tag] ??= []).push(value));
          }
        }
        data.push(table(target.refId, columns));
      } else {
        for (const one of series) {
          const name = target.alias ? named(target.alias, one.tags) : `${one.name}.${one.columns[1]}`;
          const times = one.values.map((row: any) => row[0]);
          data.push(frame(target.refId, name, one.tags, times, one.values.map((row: any) => row[1])));
        }
      }
    }
    return { data };
  }

  async metricFindQuery(query: any) {
    const series = await this.series(typeof query === 'string' ? query : query.query);
    return series.flatMap((one: any) => one.values.map((row: any) => ({ text: row[row.length - 1] })));
  }

  private series(query: string): Promise<any[]> {
    return ask('/influx?epoch=ms&q=' + encodeURIComponent(query), query);
  }
}

export class Prometheus extends RuntimeDataSource<any> {
  async query(request: any) {
    const data: any[] = [];
    for (const target of request.targets) {
      const query = filledIn(target.expr, request);
      const encoded = encodeURIComponent(query);
      const to = request.range.to.valueOf() / 1000;
      if (target.instant) {
        const columns: Record<string, any[]> = {};
        for (const one of await ask(`/prometheus/query?time=${to}&query=${encoded}`, query)) {
          (columns.Time ??= []).push(one.value[0] * 1000);
          Object.entries(one.metric).forEach(([label, value]) => (columns[label] ??= []).push(value));
          (columns.Value ??= []).push(Number(one.value[1]));
        }
        data.push(table(target.refId, columns));
      } else {
        const from = request.range.from.valueOf() / 1000;
        const path = `/prometheus/query_range?start=${from}&end=${to}&step=${request.intervalMs / 1000}&query=${encoded}`;
        for (const one of await ask(path, query)) {
          const name = target.legendFormat ? named(target.legendFormat, one.metric) : query;
          const values = one.values.map((row: any) => (row[1] === 'NaN' ? null : Number(row[1])));
          data.push(frame(target.refId, name, one.metric, one.values.map((row: any) => row[0] * 1000), values));
        }
      }
    }
    return { data };
  }

  async metricFindQuery(query: any) {
    const [metric, label] = query.query.replace(/label_values\((.*)\)/, '$1').split(/, */);
    const values = await ask(`/prometheus/label/${label}/values?match[]=${metric}`, query.query);
    return values.map((text: string) => ({ text }));
  }
}
