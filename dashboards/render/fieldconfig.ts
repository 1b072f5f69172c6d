// Which properties a field may have, and what applies them. The list is in Grafana's core, which is not on npm.
import {
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  numberOverrideProcessor,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
} from '@grafana/data';

const nothing: any = () => null;

function property(id: string, process: any, defaultValue?: any, shouldApply: any = () => true) {
  return {
    id,
    path: id,
    name: id,
    description: '',
    editor: nothing,
    override: nothing,
    process,
    shouldApply,
    settings: {},
    category: [],
    defaultValue,
  };
}

export const standardProperties = [
  property('displayName', displayNameOverrideProcessor),
  property('unit', unitOverrideProcessor, undefined, (field: any) => field.type === 'number'),
  property('min', numberOverrideProcessor),
  property('max', numberOverrideProcessor),
  property('decimals', numberOverrideProcessor),
  property('thresholds', thresholdsOverrideProcessor),
  property('mappings', identityOverrideProcessor, []),
  property('noValue', stringOverrideProcessor),
  property('links', identityOverrideProcessor),
  property('color', identityOverrideProcessor),
];

const ofGraph: Record<string, any> = {
  drawStyle: 'line',
  lineWidth: 1,
  fillOpacity: 0,
  showPoints: 'auto',
  lineInterpolation: 'linear',
  pointSize: 5,
  spanNulls: false,
  insertNulls: false,
  axisPlacement: 'auto',
  axisLabel: '',
  scaleDistribution: { type: 'linear' },
  hideFrom: { viz: false, legend: false, tooltip: false },
  stacking: { mode: 'none', group: 'A' },
  thresholdsStyle: { mode: 'off' },
  gradientMode: 'none',
  barAlignment: 0,
  barMaxWidth: undefined,
  barWidthFactor: 0.6,
  lineStyle: undefined,
};

const ofTable: Record<string, any> = {
  width: undefined,
  align: 'auto',
  cellOptions: { type: 'auto' },
  inspect: false,
  wrapText: false,
};

function custom(values: Record<string, any>) {
  return {
    useCustomConfig: (builder: any) => {
      for (const [id, defaultValue] of Object.entries(values)) {
        builder.addCustomEditor({ ...property(id, (value: any) => value, defaultValue), category: ['Panel'] });
      }
    },
  };
}

export const graphProperties = custom(ofGraph);
export const tableProperties = custom(ofTable);
