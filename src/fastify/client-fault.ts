/** The status (4xx) of an error that a client has made, as Fastify and its parsers say it; undefined for every other error. */
export function clientFaultOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
