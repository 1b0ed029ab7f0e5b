/**
 * The filter that Envoy Gateway 1.9 makes of k8s/recipes/envoy-gateway, but for the names of its cluster.
 * test/kubernetes compares it with Envoy Gateway's own translation; test/integration runs it in Envoy.
 */
export const envoyGatewayFilter = {
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
  grpcService: {
    retryPolicy: { numRetries: 1, retryOn: 'connect-failure,refused-stream' },
    timeout: '5s',
  },
  statusOnError: { code: 'ServiceUnavailable' },
  transportApiVersion: 'V3',
} as const;
