import type { EnvoyConfig } from '../config/config.ts';
import { type EnvoyObject, typed } from './envoy-value.ts';

/** One JSON line per request. Without query strings, cookies and Authorization: they hold codes and tokens. */
export function accessLog({ heal }: EnvoyConfig): EnvoyObject {
  return {
    name: 'envoy.access_loggers.stdout',
    typed_config: typed('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', {
      log_format: { json_format: { ...fields, ...(heal === undefined ? {} : healFields) } },
    }),
  };
}

const fields: EnvoyObject = {
  time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  host: '%REQ(:AUTHORITY)%',
  path: '%PATH(NQ)%',
  protocol: '%PROTOCOL%',
  status: '%RESPONSE_CODE%',
  detail: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  duration_ms: '%DURATION%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
  upstream: '%UPSTREAM_CLUSTER%',
  request_id: '%REQ(X-REQUEST-ID)%',
};

/** 2: the workload refused the access token of the first attempt. */
const healFields: EnvoyObject = { attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%' };
