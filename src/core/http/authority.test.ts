import { describe, expect, it } from 'vitest';
import { indexOrigins, isWildcardOrigin, originNamed, originOf, parseAuthority } from './authority.ts';

describe('parseAuthority (RFC 9110 §7.2)', () => {
  it.each([
    ['app.example.com', 'app.example.com', undefined],
    ['APP.Example.COM', 'app.example.com', undefined],
    ['app.example.com.', 'app.example.com', undefined],
    ['app.example.com.:8443', 'app.example.com', 8443],
    ['localhost:8080', 'localhost', 8080],
    ['my_host:1', 'my_host', 1],
    ['10.0.0.1:65535', '10.0.0.1', 65_535],
    ['[::1]', '[::1]', undefined],
    ['[2001:DB8::1]:443', '[2001:db8::1]', 443],
  ])('reads %j as one host and port (P10)', (value, host, port) => {
    expect(parseAuthority(value)).toEqual({ host, port });
  });

  it.each([
    ['', 'nothing'],
    ['.', 'a dot alone'],
    ['a..b', 'an empty label'],
    ['app.example.com..', 'two dots at the end'],
    ['.app.example.com', 'a dot at the start'],
    ['user@app.example.com', 'user-info'],
    ['user:pass@app.example.com', 'user-info with a password'],
    ['app.example.com:', 'a colon without a port'],
    ['app.example.com:0', 'port 0'],
    ['app.example.com:65536', 'a port past 65535'],
    ['app.example.com:080808', 'a port of six digits'],
    ['app.example.com:80:80', 'two ports'],
    ['app.example.com:+80', 'a signed port'],
    ['[::1', 'an unclosed bracket'],
    ['::1', 'IPv6 without brackets'],
    ['[::1]x', 'text after the bracket'],
    ['[fe80::1%25eth0]', 'a zone'],
    ['app.example.com/', 'a slash'],
    ['app.example.com\\', 'a backslash'],
    ['app.example.com,evil.example', 'two hosts in one line'],
    ['app.example.com evil.example', 'a blank'],
    [' app.example.com', 'a leading blank'],
    ['app.example.com\n', 'a newline at the end'],
    ['app.example.com\0', 'NUL'],
    ['app%2eexample.com', 'percent-encoding'],
    ['äpp.example.com', 'a letter outside ASCII'],
    ['\u212Aube.example.com', 'the Kelvin sign, which lower-cases to k'],
  ])('refuses %j: %s (P10)', (value) => {
    expect(parseAuthority(value)).toBeUndefined();
  });
});

describe('originOf', () => {
  const origins = indexOrigins([
    'https://app.example.com',
    'http://plain.example.com',
    'http://localhost:8080',
    'https://[2001:db8::1]:8443',
    'ws://other.example.com',
  ]);

  it.each([
    ['app.example.com', 'https://app.example.com'],
    ['APP.EXAMPLE.COM.', 'https://app.example.com'],
    ['app.example.com:443', 'https://app.example.com'],
    ['plain.example.com', 'http://plain.example.com'],
    ['plain.example.com:80', 'http://plain.example.com'],
    ['localhost:8080', 'http://localhost:8080'],
    ['[2001:DB8::1]:8443', 'https://[2001:db8::1]:8443'],
  ])('finds the configured origin of %j (P10)', (authority, origin) => {
    expect(originOf(authority, origins)).toBe(origin);
  });

  it.each([
    ['app.example.com:80', 'the scheme of another port'],
    ['app.example.com:8443', 'another port'],
    ['localhost', 'an origin that has a port of its own'],
    ['evil.example', 'a foreign host'],
    ['sub.app.example.com', 'a subdomain'],
    ['app.example.com.evil.example', 'a look-alike'],
    ['__proto__', 'a name of Object.prototype'],
    ['other.example.com', 'a scheme without a default port here'],
    ['user@app.example.com', 'what is not a host'],
  ])('knows no origin for %j: %s (P10, R2; no fallback)', (authority) => {
    expect(originOf(authority, origins)).toBeUndefined();
  });

  it('takes https where both schemes are configured and the request names no port', () => {
    for (const both of [
      ['http://a.example', 'https://a.example'],
      ['https://a.example', 'http://a.example'],
    ]) {
      expect(originOf('a.example', indexOrigins(both))).toBe('https://a.example');
    }
  });
});

describe('an origin with a wildcard', () => {
  const origins = indexOrigins([
    'https://*.example.com',
    'https://app.example.com',
    'http://app.example.com:8080',
    'http://*.app.example.com:8080',
    'http://*.plain.example.org',
  ]);

  it.each([
    ['a.example.com', 'https://a.example.com'],
    ['A.Example.COM.', 'https://a.example.com'],
    ['a.example.com:443', 'https://a.example.com'],
    ['xn--mnchen-3ya.example.com', 'https://xn--mnchen-3ya.example.com'],
    ['my_tenant-1.example.com', 'https://my_tenant-1.example.com'],
    ['-.example.com', 'https://-.example.com'],
    [`${'a'.repeat(63)}.example.com`, `https://${'a'.repeat(63)}.example.com`],
    ['b.app.example.com:8080', 'http://b.app.example.com:8080'],
    ['c.plain.example.org', 'http://c.plain.example.org'],
    ['c.plain.example.org:80', 'http://c.plain.example.org'],
  ])('stands for one name: %s is %s (P10)', (authority, origin) => {
    expect(originOf(authority, origins)).toBe(origin);
    // What is made of a name is an origin as browsers write it: redirects and cookies rely on that.
    expect(new URL(origin).origin).toBe(origin);
  });

  it.each([
    ['example.com', 'no name'],
    ['.example.com', 'an empty name'],
    ['a.b.example.com', 'two names, which Envoy’s own wildcards take'],
    ['*.example.com', 'the wildcard itself'],
    ['*.example.com:443', 'the wildcard itself, with its port'],
    ['.example.com:443', 'what follows the wildcard'],
    ['%2a.example.com', 'the wildcard, encoded'],
    ['evil.example.com.attacker.test', 'a look-alike'],
    ['evilexample.com', 'a look-alike without the dot'],
    ['a.example.com:8080', 'another port'],
    ['a.example.com:80', 'the port of another scheme'],
    ['b.app.example.com', 'a wildcard that has a port'],
    ['a@b.example.com', 'user-info'],
    ['ä.example.com', 'a name outside ASCII'],
    [`${'a'.repeat(64)}.example.com`, 'a name longer than DNS allows'],
    ['[::1.example.com]', 'brackets'],
  ])('is not named by %j: %s (P10, R2)', (authority) => {
    expect(originOf(authority, origins)).toBeUndefined();
  });

  it('is what rules know the host by, unless an origin names the host itself', () => {
    expect(originNamed('a.example.com', origins)).toEqual({
      origin: 'https://a.example.com',
      configured: 'https://*.example.com',
    });
    expect(originNamed('app.example.com', origins)).toEqual({
      origin: 'https://app.example.com',
      configured: 'https://app.example.com',
    });
    expect(originOf('app.example.com:8080', origins)).toBe('http://app.example.com:8080');
  });

  it('is known by its spelling', () => {
    expect(['https://*.example.com', 'https://app.example.com'].map(isWildcardOrigin)).toEqual([true, false]);
  });
});
