import { describe, expect, it } from 'vitest';
import { parseEnvironmentFile } from '../environment-file.ts';
import { isOn, listOf, mergeReadings, secondsIn, textOf } from './given.ts';
import { durationText, secondsOfGoDuration } from './go-duration.ts';
import { readEnvironment } from './read-environment.ts';
import { readFlags } from './read-flags.ts';
import { readToml } from './read-toml.ts';
import { splitCsv } from './split-csv.ts';

function given(reading: ReturnType<typeof readToml>) {
  expect(reading.problems).toEqual([]);
  return mergeReadings([reading]);
}

describe('the file of oauth2-proxy', () => {
  it('is TOML, as loosely typed as oauth2-proxy takes it', () => {
    const read = given(
      readToml(
        'a.cfg',
        'email_domains="a.example,b.example"\ncookie_secure="false"\nupstreams=["http://x/", "http://y/z/"]\nlogging_max_age=3\nshow-debug-on-error=true\nwhitelist_domains=""',
      ),
    );
    expect(listOf(read, 'email-domain')).toEqual(['a.example', 'b.example']);
    expect(isOn(read, 'cookie-secure')).toBe(false);
    expect(listOf(read, 'upstream')).toEqual(['http://x/', 'http://y/z/']);
    expect(isOn(read, 'show-debug-on-error')).toBe(true);
    expect(listOf(read, 'whitelist-domain')).toEqual([]);
  });

  it.each([
    ['email_domain="x"', 'email_domain', 'did you mean email_domains?'],
    ['cookie_domain=".x"', 'cookie_domain', 'did you mean cookie_domains?'],
    ['zzzzzzzzzzzzzzzzzzzzzz=1', 'zzzzzzzzzzzzzzzzzzzzzz', 'docs/migrate-oauth2-proxy.md lists every option'],
  ])('has no option %s', (text, subject, suggestion) => {
    expect(readToml('a.cfg', text).problems).toEqual([
      { subject, problem: 'oauth2-proxy has no option of this name', suggestion },
    ]);
  });

  it.each([
    ['client_secret = canary', 'a.cfg:1:17'],
    ['cookie_expire = "canary"', 'cookie_expire'],
    ['cookie_secure = "canary"', 'cookie_secure'],
    ['logging_max_age = "canary"', 'logging_max_age'],
    ['client_id = ["canary"]', 'client_id'],
    ['email_domains = [["canary"]]', 'email_domains'],
  ])('says where %s is wrong, and not the value (G8)', (text, subject) => {
    const { problems } = readToml('a.cfg', text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.subject).toMatch(subject.replace(/:17$/, ''));
    expect(JSON.stringify(problems)).not.toContain('canary');
  });
});

describe('the environment of oauth2-proxy', () => {
  it('divides lists at commas, and leaves alone what Kubernetes puts there', () => {
    const read = given(
      readEnvironment({
        OAUTH2_PROXY_SKIP_AUTH_ROUTES: 'GET=^/a,POST=^/b',
        OAUTH2_PROXY_CLIENT_ID: '',
        OAUTH2_PROXY_SERVICE_HOST: '10.0.0.1',
        OAUTH2_PROXY_PORT: 'tcp://10.0.0.1:80',
        OAUTH2_PROXY_PORT_80_TCP_ADDR: '10.0.0.1',
        OAUTH2_PROXY_REDIS_MASTER_SERVICE_PORT_TCP_REDIS: '6379',
        PATH: '/bin',
      }),
    );
    expect([...read.keys()]).toEqual(['skip-auth-route']);
    expect(listOf(read, 'skip-auth-route')).toEqual(['GET=^/a', 'POST=^/b']);
  });

  it('has no option of a name that oauth2-proxy ignores', () => {
    expect(readEnvironment({ OAUTH2_PROXY_EMAIL_DOMAIN: 'x' }).problems).toMatchObject([
      { subject: 'OAUTH2_PROXY_EMAIL_DOMAIN', suggestion: 'did you mean OAUTH2_PROXY_EMAIL_DOMAINS?' },
    ]);
  });

  it('does not name the file: that is for the command line alone', () => {
    expect(readEnvironment({ OAUTH2_PROXY_CONFIG: '/x' }).problems).toHaveLength(1);
    expect(readToml('a.cfg', 'alpha_config="/x"').problems).toHaveLength(1);
  });

  it('is read from a file with NAME=value lines as well', () => {
    const text = '# comment\n\nexport OAUTH2_PROXY_CLIENT_ID="a b"\nOAUTH2_PROXY_SCOPE=openid=x\r\nnonsense\nA=\'b\'\n';
    expect([...parseEnvironmentFile(text)]).toEqual([
      ['OAUTH2_PROXY_CLIENT_ID', 'a b'],
      ['OAUTH2_PROXY_SCOPE', 'openid=x'],
      ['A', 'b'],
    ]);
  });
});

describe('the flags of oauth2-proxy', () => {
  it('take values with = or as the next word, lists several times and with commas', () => {
    const words = ['--client-id', 'app', '--email-domain=a.example,b.example', '--email-domain', 'c.example'];
    const read = given(readFlags([...words, '--reverse-proxy', '--cookie-secure=false', '--scope=a', '--scope=b']));
    expect(textOf(read, 'client-id')).toBe('app');
    expect(listOf(read, 'email-domain')).toEqual(['a.example', 'b.example', 'c.example']);
    expect([isOn(read, 'reverse-proxy'), isOn(read, 'cookie-secure')]).toEqual([true, false]);
    expect(textOf(read, 'scope')).toBe('b');
  });

  it.each([
    [['--email-domains=x'], '--email-domains', 'did you mean --email-domain?'],
    [['-provider', 'oidc'], '-provider', 'write --provider'],
    [['--client-id'], '--client-id', undefined],
    [['--reverse-proxy', 'canary'], 'a word among the flags', 'join a flag and its value with ='],
    [['--cookie-expire=1day'], '--cookie-expire', 'write it as 168h0m0s, 15m or 90s'],
  ])('refuse %j', (words, subject, suggestion) => {
    const { problems } = readFlags(words);
    expect(problems[0]).toMatchObject({ subject, suggestion });
    expect(JSON.stringify(problems)).not.toContain('canary');
  });

  it('quote commas as CSV does', () => {
    expect(splitCsv('"GET=^/a{1,2}",^/b,"say ""x"""')).toEqual(['GET=^/a{1,2}', '^/b', 'say "x"']);
    expect(splitCsv('')).toEqual([]);
    expect(splitCsv('a,,b')).toEqual(['a', '', 'b']);
  });
});

it('flags are stronger than the environment, and that than the file', () => {
  const read = mergeReadings([
    readToml('a.cfg', 'client_id="file"\nscope="file"\nprovider="oidc"'),
    readEnvironment({ OAUTH2_PROXY_CLIENT_ID: 'environment', OAUTH2_PROXY_SCOPE: 'environment' }),
    readFlags(['--scope=flag']),
  ]);
  expect(['provider', 'client-id', 'scope'].map((flag) => textOf(read, flag))).toEqual(['oidc', 'environment', 'flag']);
  expect([textOf(read, 'proxy-prefix'), secondsIn(read, 'cookie-expire')]).toEqual(['/oauth2', 604_800]);
});

describe('durations', () => {
  it.each([
    ['168h0m0s', 604_800, '7d'],
    ['0', 0, '0s'],
    ['15m', 900, '15m'],
    ['1h30m', 5_400, '90m'],
    ['1.5h', 5_400, '90m'],
    ['90s', 90, '90s'],
    ['0.1h', 360, '6m'],
    ['1m500ms', 60, '1m'],
    ['36h', 129_600, '36h'],
  ])('%s is %d seconds, written %s', (text, seconds, ours) => {
    expect(secondsOfGoDuration(text)).toBe(seconds);
    expect(durationText(seconds)).toBe(ours);
  });

  it.each(['', '1', '1d', '-5m', 'h', '1h ', '１h'])('%j is none', (text) => {
    expect(secondsOfGoDuration(text)).toBeUndefined();
  });
});
