/**
 * Why Redis did not carry something out, without anything that it was asked: errors of ioredis carry the command
 * with its arguments (keys, sealed values, the password), and replies of Redis may quote them.
 */
export class RedisFailure extends Error {
  /** The first word of Redis's reply (`OOM`, `READONLY`, `LOADING`, `WRONGPASS`, …), or what happened to the connection. */
  readonly code: string;

  constructor(code: string) {
    super(`Redis: ${code}`);
    this.name = 'RedisFailure';
    this.code = code;
  }
}

/** The failure behind an error of ioredis. */
export function failureOf(error: unknown): RedisFailure {
  if (error instanceof RedisFailure) return error;
  return new RedisFailure(codeOf(error));
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if ('code' in error && typeof error.code === 'string') return error.code;
  const reply = /^-?([A-Z]{2,20})(?: |$)/.exec(error.message)?.[1];
  // Redis 6 wraps what a script ran into: `ERR Error running script (call to f_…): @user_script:1: -OOM command …`.
  const inScript = /@user_script: ?\d+: -?([A-Z]{2,20}) /.exec(error.message)?.[1];
  if (inScript !== undefined) return inScript;
  if (reply !== undefined) return reply;
  if (/timed out|timeout/i.test(error.message)) return 'TIMEOUT';
  return 'DISCONNECTED';
}
