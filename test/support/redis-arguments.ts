/** Arguments of redis-server, the same for the binary and for the image. It keeps its data through a kill. */
export function redisArguments(port: number, more: readonly string[]): readonly string[] {
  const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  return ['--port', String(port), '--bind', '127.0.0.1', ...durable, ...more];
}
