import { describe, expect, it } from 'vitest';
import { failureOf, RedisFailure } from './failure.ts';

describe('the code of what Redis refused', () => {
  it.each([
    ['NOPERM', "NOPERM this user has no permissions to run the 'time' command"],
    ['NOPERM', "ERR ACL failure in script: User sallyport has no permissions to run the 'time' command script: f0"],
    [
      'NOPERM',
      "ERR Error running script (call to f_0): @user_script:1: The user executing the script can't run this command or subcommand",
    ],
    [
      'NOPERM',
      "ERR Error running script (call to f_0): @user_script:1: The user executing the script can't publish to the channel mentioned in the command",
    ],
    ['NOPERM', "ERR Error running script (call to f_0): @user_script:1: -NOPERM User can't run this command"],
    ['NOPERM', "ERR failed: NOPERM User sallyport has no permissions to run the 'time' command"],
    [
      'OOM',
      "ERR Error running script (call to f_0): @user_script:1: -OOM command not allowed when used memory > 'max'",
    ],
    ['READONLY', "READONLY You can't write against a read only replica. script: f0, on @user_script:1."],
    ['ERR', "ERR wrong number of arguments for 'get' command"],
    ['ERR', 'ERR max number of clients reached'],
    ['WRONGPASS', 'WRONGPASS invalid username-password pair or user is disabled.'],
    ['TIMEOUT', 'Command timed out'],
    ['DISCONNECTED', 'Connection is closed.'],
  ])('is %s for %s', (code, message) => {
    expect(failureOf(new Error(message)).code).toBe(code);
  });

  it('holds nothing of the command', () => {
    const failure = failureOf(new Error('ERR ACL failure in script: canary'));
    expect(failure).toBeInstanceOf(RedisFailure);
    expect(failure.message).toBe('Redis: NOPERM');
    expect(failure.cause).toBeUndefined();
  });
});
