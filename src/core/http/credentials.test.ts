import { describe, expect, it } from 'vitest';
import { hasSeveralCredentials } from './credentials.ts';

function severalIn(...values: readonly string[]): boolean {
  return hasSeveralCredentials({
    method: 'GET',
    authority: 'app.example.com',
    target: '/',
    headers: new Map(values.length === 0 ? [] : [['authorization', values]]),
    context: new Map(),
  });
}

describe('H6 several Authorization fields', () => {
  it.each([
    'Bearer a,Bearer b',
    'Bearer a, Bearer b',
    'Bearer a,Bearer a',
    'Basic YTpi,Bearer b',
    'Bearer b,',
    ',Bearer b',
    'a,b',
    'Bearer a,x="y"',
    'Digest username="a", realm="b",Bearer c',
    'Digest username="a",Digest username="b"',
    'Digest username="a",,realm="b"',
    'Bearer a,',
    'Digest username="unclosed,Bearer b',
    'Bearer "a,Bearer b',
  ])('are seen in the one value that Envoy joins them to: %s', (value) => {
    expect(severalIn(value)).toBe(true);
  });

  it('are seen where they come apart', () => {
    expect(severalIn('Bearer a', 'Bearer a')).toBe(true);
  });

  it.each([
    'Bearer abc.def-ghi_jkl==',
    'Basic YTpi',
    'mytoken',
    '',
    'Digest username="a, Bearer b", realm="b\\", Bearer c", qop=auth',
    'AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-west-1/s3/aws4_request, SignedHeaders=host;range,Signature=fe5f',
    'OAuth realm="Example",oauth_consumer_key="0685bd91",oauth_nonce = "x"',
    'Signature keyId="k", headers="(request-target) date", signature="a=="',
  ])('are not seen in one that has commas of its own (RFC 9110 §11.4): %s', (value) => {
    expect(severalIn(value)).toBe(false);
  });

  it('are not seen where there is none', () => {
    expect(severalIn()).toBe(false);
  });

  it('are looked for in linear time', () => {
    const startedAt = performance.now();
    for (const piece of ['"\\', 'a=,', '" ', ' =', '\t', 'a b,']) severalIn(`x ${piece.repeat(50_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
