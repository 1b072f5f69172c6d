// Stand-ins for the panel plugins, which are in Grafana's core and not on npm: they draw with @grafana/ui what the JSON says.
import React from 'react';
import { createTheme, FieldType, formattedValueToString, getFieldDisplayValues, PanelPlugin } from '@grafana/data';
import { registerRuntimePanelPlugin } from '@grafana/scenes';
import { BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { graphProperties, tableProperties } from './fieldconfig';

export const theme = createTheme({ colors: { mode: 'dark' } });

function NoData() {
  return <div style={{ padding: 20, textAlign: 'center' }}>No data</div>;
}

function Graph(props: any) {
  const hasValues = props.data.series.some((frame: any) =>
    frame.fields.some((field: any) => field.type === FieldType.number && field.values.some((value: any) => value !== null))
  );
  if (!hasValues) {
    return <NoData />;
  }
  return (
    <TimeSeries
      frames={props.data.series}
      width={props.width}
      height={props.height}
      timeRange={props.timeRange}
      timeZone="utc"
      legend={props.options.legend}
      options={props.options}
    />
  );
}

function Stat(props: any) {
  const { options } = props;
  const values = () =>
    getFieldDisplayValues({
      fieldConfig: props.fieldConfig,
      reduceOptions: options.reduceOptions,
      replaceVariables: props.replaceVariables,
      theme,
      data: props.data.series,
      sparkline: options.graphMode !== 'none',
      timeZone: 'utc',
    });
  const value = ({ value, width, height }: any) => (
    <BigValue
      value={{ ...value.display, title: undefined }}
      sparkline={value.sparkline}
      theme={theme}
      width={width}
      height={height}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      justifyMode={options.justifyMode}
      textMode={options.textMode}
    />
  );
  return (
    <VizRepeater
      source={props.data}
      getValues={values}
      renderValue={value}
      width={props.width}
      height={props.height}
      orientation={options.orientation}
      renderCounter={props.renderCounter}
      autoGrid={true}
    />
  );
}

function cell(field: any, row: number) {
  const shown = field.display(field.values[row]);
  const isColored = field.config.custom?.cellOptions?.type === 'color-text';
  const isWrapped = field.config.custom?.wrapText;
  const style: React.CSSProperties = {
    color: isColored ? shown.color : undefined,
    whiteSpace: isWrapped ? 'normal' : 'nowrap',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    textAlign: field.type === FieldType.number ? 'right' : 'left',
    padding: '4px 6px',
    borderBottom: '1px solid ' + theme.colors.border.weak,
    verticalAlign: 'top',
  };
  return (
    <td key={field.name} style={style}>
      {formattedValueToString(shown)}
    </td>
  );
}

/** @grafana/ui's own table wants more of Grafana around it than there is here. */
function Table(props: any) {
  const frame = props.data.series[0];
  if (!frame || frame.length === 0) {
    return <NoData />;
  }
  const nameOf = (field: any) => field.state?.displayName ?? field.config.displayName ?? field.name;
  const rows = Array.from({ length: frame.length }, (_, row) => row);
  const sort = props.options.sortBy?.[0];
  const sorted = frame.fields.find((field: any) => nameOf(field) === sort?.displayName);
  if (sorted) {
    const sign = sort.desc ? -1 : 1;
    rows.sort((a, b) => sign * (sorted.values[a] < sorted.values[b] ? -1 : sorted.values[a] > sorted.values[b] ? 1 : 0));
  }
  return (
    <div style={{ height: props.height, overflow: 'hidden' }}>
      <table style={{ width: '100%', tableLayout: 'fixed', fontSize: 13 }}>
        <thead>
          <tr>
            {frame.fields.map((field: any) => (
              <th
                key={field.name}
                style={{
                  width: field.config.custom?.width,
                  padding: '4px 6px',
                  textAlign: field.type === FieldType.number ? 'right' : 'left',
                }}
              >
                {nameOf(field)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>{frame.fields.map((field: any) => cell(field, row))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function registerPanels() {
  const register = (pluginId: string, component: any, properties?: any) =>
    registerRuntimePanelPlugin({ pluginId, plugin: new PanelPlugin(component).useFieldConfig(properties) });
  register('timeseries', Graph, graphProperties);
  register('stat', Stat);
  register('table', Table, tableProperties);
}
