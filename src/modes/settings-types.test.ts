import { describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { z } from 'zod';
import { Secret } from '../core/secret.ts';
import {
  basePathSchema,
  durationOrNoneSchema,
  durationSchema,
  httpsOrLoopbackUrlSchema,
  SecretReference,
  secretSchema,
  webUrlSchema,
} from './settings-types.ts';

const accepts = (schema: ZodType, value: unknown): boolean => schema.safeParse(value).success;

describe('a secret of the configuration', () => {
  it('is read as a reference, which is a Secret without a value', () => {
    const file = secretSchema.parse({ file: 'secrets/key' });
    expect(file).toBeInstanceOf(Secret);
    expect(file instanceof SecretReference && file.location).toEqual({ kind: 'file', path: 'secrets/key' });
    const env = secretSchema.parse({ env: 'CLIENT_SECRET' });
    expect(env instanceof SecretReference && env.location).toEqual({ kind: 'env', name: 'CLIENT_SECRET' });
    expect(() => env.reveal()).toThrow(/before it was read/);
  });

  it.each([
    ['canary'],
    [{}],
    [{ file: '' }],
    [{ env: 'A B' }],
    [{ file: 'a', env: 'B' }],
    [{ value: 'canary' }],
    [null],
  ])('is nothing else, and a refusal does not repeat it: %j', (value) => {
    const { error } = secretSchema.safeParse(value);
    expect(error?.issues[0]?.message).toContain('{file: path} or {env: NAME}');
    expect(JSON.stringify(error?.issues)).not.toContain('canary');
  });

  it('is described to editors as what a user writes', () => {
    const schema = JSON.stringify(z.toJSONSchema(secretSchema, { io: 'input' }));
    expect(schema).toContain('"required":["file"]');
    expect(schema).toContain('"required":["env"]');
  });
});

describe('a duration', () => {
  it.each([
    ['30s', 30],
    ['15m', 900],
    ['12h', 43_200],
    ['14d', 1_209_600],
  ])('%s is %i seconds', (text, seconds) => {
    expect(durationSchema.parse(text)).toBe(seconds);
  });

  it.each(['', '0s', '30', '30 s', '1.5h', '-1s', '1w', '1h30m', '30S', 30])('is not %j', (value) => {
    expect(accepts(durationSchema, value)).toBe(false);
  });

  it('may be none at all where that makes sense: 0s, in this one spelling', () => {
    expect(durationOrNoneSchema.parse('0s')).toBe(0);
    expect(durationOrNoneSchema.parse('3s')).toBe(3);
    expect(['0', '0m', '00s', '-0s', '03s', ''].filter((text) => accepts(durationOrNoneSchema, text))).toEqual([]);
  });
});

describe('a base path', () => {
  it.each(['/_auth', '/oauth2', '/a/b.c/d~e-f'])('may be %s', (path) => {
    expect(accepts(basePathSchema, path)).toBe(true);
  });

  it.each(['', '/', 'auth', '/auth/', '//auth', '/a//b', '/../a', '/a/..', '/a/./b', '/a%2fb', '/a;b', '/a b', '/a?b'])(
    'is not %j (P1 to P4)',
    (path) => {
      expect(accepts(basePathSchema, path)).toBe(false);
    },
  );
});

describe('a URL', () => {
  it.each(['https://a.example', 'https://a.example:8443/path?query'])('may be %s', (url) => {
    expect([httpsOrLoopbackUrlSchema, webUrlSchema].every((schema) => accepts(schema, url))).toBe(true);
  });

  it.each(['http://localhost:8080/x', 'http://127.0.0.1/', 'http://[::1]:1/'])('may be %s for development', (url) => {
    expect(accepts(httpsOrLoopbackUrlSchema, url)).toBe(true);
  });

  it('may be http elsewhere only where another setting decides', () => {
    expect(accepts(httpsOrLoopbackUrlSchema, 'http://a.example/')).toBe(false);
    expect(accepts(webUrlSchema, 'http://a.example/')).toBe(true);
  });

  it.each([
    'a.example',
    '//a.example',
    'https:evil',
    'https:/a.example',
    'https:///a.example',
    'HTTPS://a.example',
    'ftp://a.example',
    'javascript:alert(1)',
    'https://user@a.example/',
    'https://user:secret@a.example/',
    'https://a.example/#x',
    'https://a.example/#',
    'https:\\\\a.example',
    ' https://a.example',
    'https://a.exa\tmple',
    'http://localhost.evil.example@a.example/',
  ])('is not %j (R1)', (url) => {
    expect([httpsOrLoopbackUrlSchema, webUrlSchema].some((schema) => accepts(schema, url))).toBe(false);
  });
});
