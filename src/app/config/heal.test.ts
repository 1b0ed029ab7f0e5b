import { describe, expect, it } from 'vitest';
import { configOf, document, errorsOf, warningsOf } from '../../../test/support/config-text.ts';

const textWith = (heal: string) =>
  document({ envoy: `{listen: "127.0.0.1:8080", workload: "w:1", trustedHops: 1, heal: ${heal}}` });

async function healOf(heal: string) {
  return (await configOf(textWith(heal))).envoy?.heal;
}

const isInvalid = { kind: 'invalid_token' };

describe('envoy.heal', () => {
  it('is not there unless written', async () => {
    expect((await configOf(document({ envoy: '{listen: "127.0.0.1:1", workload: "w:1"}' }))).envoy?.heal).toBe(
      undefined,
    );
  });

  it.each<[string, unknown, number]>([
    ['{}', [{ path: { kind: 'any' }, when: isInvalid }], 1_048_576],
    ['{when: any, maxBodyBytes: 5}', [{ path: { kind: 'any' }, when: { kind: 'any' } }], 5],
    [
      '{when: {errorDescription: "token has expired"}, routes: [{path: {exact: /a}}, {path: {prefix: /b}, when: any}, {path: {prefix: /}}]}',
      [
        { path: { kind: 'exact', path: '/a' }, when: { kind: 'error_description', text: 'token has expired' } },
        { path: { kind: 'prefix', prefix: '/b' }, when: { kind: 'any' } },
        { path: { kind: 'any' }, when: { kind: 'error_description', text: 'token has expired' } },
      ],
      1_048_576,
    ],
  ])('is read: %s', async (heal, routes, maxBodyBytes) => {
    expect(await healOf(heal)).toEqual({ routes, maxBodyBytes });
  });

  it.each([
    ['true', 'envoy.heal: expected a map; found true or false'],
    ['{paths: [/api]}', 'envoy.heal.paths: there is no setting of this name (known here: maxBodyBytes, routes, when)'],
    ['{maxBody: 5}', 'envoy.heal.maxBody: there is no setting of this name (did you mean maxBodyBytes?)'],
    ['{maxBodyBytes: 1MiB}', 'envoy.heal.maxBodyBytes: expected a number; found a string'],
    ['{maxBodyBytes: 0}', 'envoy.heal.maxBodyBytes: expected at least 1'],
    ['{routes: []}', 'envoy.heal.routes: expected at least 1'],
    ['{routes: [{path: /api}]}', 'envoy.heal.routes[0].path: expected a map; found a string'],
    ['{routes: [{path: {}}]}', 'envoy.heal.routes[0].path: expected exactly one of exact and prefix'],
    ['{routes: [{path: {prefix: api}}]}', 'envoy.heal.routes[0].path.prefix: expected a path that starts with a slash'],
    [
      '{routes: [{path: {prefix: /api/}}]}',
      'envoy.heal.routes[0].path.prefix: expected a prefix without a slash at the end',
    ],
    ['{when: invalid-token}', 'envoy.heal.when: expected'],
    ['{when: [any]}', 'envoy.heal.when: expected'],
    [
      '{when: {errorDescription: "an \\"expired\\" one"}}',
      'envoy.heal.when.errorDescription: expected up to 256 printable',
    ],
    ['{when: {errordescription: x}}', 'envoy.heal.when'],
  ])('refuses %s', async (heal, error) => {
    const errors = await errorsOf(textWith(heal));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(error);
  });

  it.each([
    [
      '{routes: [{path: {prefix: /api}}, {path: {exact: /api/x}, when: any}]}',
      'routes[1]: this route is never taken: heal.routes[0] is',
    ],
    ['{routes: [{}, {path: {exact: /api/x}, when: any}]}', 'routes[1]: this route is never taken: heal.routes[0] is'],
    ['{routes: [{path: {exact: /a}}, {path: {exact: /a}}]}', 'routes[1]: this route is never taken: heal.routes[0] is'],
    [
      '{routes: [{path: {prefix: /_gate/x}}]}',
      'routes[0]: this route is never taken: Sallyport itself answers at /_gate',
    ],
  ])('says what never applies: %s', async (heal, warning) => {
    const warnings = await warningsOf(textWith(heal));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(warning);
  });

  it.each([
    '{routes: [{path: {exact: /api/x}, when: any}, {path: {prefix: /api}}, {path: {prefix: /apis}}, {}]}',
    '{}',
  ])('has no objection to %s', async (heal) => {
    expect(await warningsOf(textWith(heal))).toEqual([]);
  });
});
