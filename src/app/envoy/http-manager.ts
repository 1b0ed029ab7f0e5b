import { type EnvoyObject, typed } from './envoy-value.ts';

/** The filter of a listener that speaks HTTP. */
export function httpManager(settings: EnvoyObject): EnvoyObject {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: typed('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', settings),
  };
}

/** The last HTTP filter: sends the request on. */
export const router: EnvoyObject = {
  name: 'envoy.filters.http.router',
  typed_config: typed('envoy.extensions.filters.http.router.v3.Router', { suppress_envoy_headers: true }),
};

/** What Envoy answers itself when Sallyport could not be asked. */
export const localReplies: EnvoyObject = {
  mappers: [
    {
      filter: {
        and_filter: {
          filters: [
            { response_flag_filter: { flags: ['UAEX'] } },
            {
              status_code_filter: {
                comparison: { op: 'EQ', value: { default_value: 503, runtime_key: 'sallyport.unused' } },
              },
            },
          ],
        },
      },
      headers_to_add: [{ header: { key: 'retry-after', value: '2' }, append_action: 'ADD_IF_ABSENT' }],
    },
  ],
};
