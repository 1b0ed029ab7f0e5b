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

/**
 * The failure behind an error that tells that no sentinel named a master; undefined for other errors. `last` is what
 * the sentinel that was asked last said.
 */
export function sentinelFailureOf(error: unknown, last: unknown): RedisFailure | undefined {
  if (!(error instanceof Error) || !error.message.startsWith('All sentinels are unreachable')) return undefined;
  const reason = last instanceof Error ? last.message : '';
  if (reason.includes('invalid reply')) return new RedisFailure('SENTINEL_KNOWS_NO_SUCH_MASTER');
  const reply = / because -?([A-Z]{2,20}) /.exec(reason)?.[1];
  return new RedisFailure(reply === undefined ? 'NO_SENTINEL' : `SENTINEL_${reply}`);
}

/** Redis 7 and later, and the three texts of Redis 6. */
const refusesScript = /\bACL failure\b|\bexecuting the script can't\b|\bcan't run this command\b|\bNOPERM\b/;

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  // No node of a cluster could be asked: why not the last one?
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return codeOf(error.lastNodeError);
  if ('code' in error && typeof error.code === 'string') return error.code;
  const reply = /^-?([A-Z]{2,20})(?: |$)/.exec(error.message)?.[1];
  // Redis 6 wraps what a script ran into: `ERR Error running script (call to f_…): @user_script:1: -OOM command …`.
  const inScript = /@user_script: ?\d+: -?([A-Z]{2,20}) /.exec(error.message)?.[1];
  if (inScript !== undefined) return inScript;
  // What a script may not do it fails with, as an ERR: `ERR ACL failure in script: User … has no permissions …`.
  if (reply === 'ERR' && refusesScript.test(error.message)) return 'NOPERM';
  if (reply !== undefined) return reply;
  if (/timed out|timeout/i.test(error.message)) return 'TIMEOUT';
  return 'DISCONNECTED';
}
