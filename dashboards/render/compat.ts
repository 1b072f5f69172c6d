// What @grafana/scenes imports of @grafana/plugin-compat/datasources and never calls here: data sources are RuntimeDataSource.
const missing = (name: string) => () => {
  throw new Error(name + ': not in this page');
};
export const getDataSourceInstance = missing('getDataSourceInstance');
export const getDataSourceInstanceList = async () => [];
export const getDataSourceInstanceListItem = async () => undefined;
export const getDataSourceInstanceSettings = async () => undefined;
export const getDefaultDataSourceInstanceListItem = async () => undefined;
export const registerRuntimeDataSourceInstance = () => {};
export const useDataSourceInstance = missing('useDataSourceInstance');
export const useDataSourceInstanceList = () => ({});
export const useDataSourceInstanceListItem = () => ({});
export const useDefaultDataSourceInstanceListItem = () => ({});
