import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { configOf, document, errorsOf, gateMode, readText, warningsOf } from '../../../test/support/config-text.ts';

describe('a sound document', () => {
  it('becomes a configuration with its defaults', async () => {
    const config = await configOf(document());
    expect(config).toMatchObject({
      origins: ['https://app.example.com'],
      listen: { authz: { address: { kind: 'tcp', host: '127.0.0.1', port: 4180 }, tls: undefined } },
      store: { kind: 'memory', maxSessions: 100_000 },
      requests: {
        stripHeaders: [
          'x-original-url',
          'x-rewrite-url',
          'x-http-method-override',
          'x-http-method',
          'x-method-override',
        ],
        maxHeaderBytes: 98_304,
        maxHeaderCount: 200,
      },
      envoy: undefined,
      log: { level: 'info' },
      shutdown: { delay: 3, drain: 15 },
    });
    expect(config.providers.get('corp')).toMatchObject({
      name: 'corp',
      scopes: ['openid', 'profile', 'email'],
      allowHttp: false,
      backChannelUrl: undefined,
      requestTimeout: 5,
    });
    expect(config.modes.get('web')).toMatchObject({ name: 'web', settings: { basePath: '/_gate', lifetime: 3600 } });
  });

  it('compiles rules: segments, exact paths, whole-path patterns, hosts as origins', async () => {
    const { rules } = await configOf(
      document({
        origins: '["https://app.example.com", "http://localhost:8080"]',
        rules: `
  - {name: start, hosts: ["localhost:8080"], path: {exact: /}, methods: [GET, HEAD], use: public, keepAuthorization: true}
  - {path: {prefix: /app}, use: web, require: {groups: [staff]}}
  - {path: {regex: '/v[0-9]+/.*'}, use: deny}
  - {path: {prefix: /}, use: web}`,
      }),
    );
    expect(rules.map(({ name }) => name)).toEqual(['start', 'rule 2', 'rule 3', 'rule 4']);
    expect(rules.map(({ use }) => use)).toEqual([
      { kind: 'public', keepsAuthorization: true },
      { kind: 'mode', instance: 'web', requirements: { groups: ['staff'] } },
      { kind: 'deny' },
      { kind: 'mode', instance: 'web', requirements: {} },
    ]);
    expect(rules[0]).toMatchObject({ origins: new Set(['http://localhost:8080']), methods: new Set(['GET', 'HEAD']) });
    expect(rules.map(({ path }) => path.kind)).toEqual(['exact', 'prefix', 'pattern', 'prefix']);
    expect(rules[3]?.path).toEqual({ kind: 'prefix', prefix: '' });
    const [, , pattern] = rules;
    if (pattern?.path.kind !== 'pattern') throw new Error('no pattern');
    expect([pattern.path.matches('/v1/a'), pattern.path.matches('/x/v1/a')]).toEqual([true, false]);
  });

  it('compiles conditions and exceptions of rules', async () => {
    const { rules, origins } = await configOf(
      document({
        origins: '["https://*.example.com", "https://app.example.com"]',
        rules: `
  - {hosts: ["*.example.com"], context: {tenant: a}, use: web}
  - {tolerate: {encodedSlashes: true, semicolons: false, underscoredHeaders: true}, passPreflight: true, use: web}`,
      }),
    );
    expect(origins).toEqual(['https://*.example.com', 'https://app.example.com']);
    expect(rules[0]).toMatchObject({
      origins: new Set(['https://*.example.com']),
      context: new Map([['tenant', 'a']]),
      tolerates: new Set(),
      passesPreflight: false,
    });
    expect(rules[1]).toMatchObject({
      origins: undefined,
      context: new Map(),
      tolerates: new Set(['encodedSlashes', 'underscoredHeaders']),
      passesPreflight: true,
    });
  });

  it('sends preflights to an instance that answers them, and to no other', async () => {
    const { rules } = await configOf(
      document({
        modes: '{web: {mode: gate}, spa: {mode: gate, cors: true, basePath: /x, cookie: {name: spa}}}',
        rules: '[{methods: [GET], use: web}, {passPreflight: false, use: spa}]',
      }),
    );
    expect(rules.map(({ answersPreflight }) => answersPreflight)).toEqual([false, true]);
    expect(rules.map(({ passesPreflight }) => passesPreflight)).toEqual([false, false]);
  });

  it('may have origins with a wildcard beside others of its scheme', async () => {
    const origins =
      '["https://*.example.com", "https://app.example.com", "https://*.app.example.com", "http://a.b.example.com"]';
    expect((await configOf(document({ origins }))).origins).toHaveLength(4);
  });

  it('takes HEAD for GET in rules: it is GET without content (RFC 9110 §9.3.2)', async () => {
    const { rules } = await configOf(document({ rules: '[{methods: [GET], use: web}, {methods: [POST], use: deny}]' }));
    expect(rules.map(({ methods }) => methods)).toEqual([new Set(['GET', 'HEAD']), new Set(['POST'])]);
  });

  it.each(['/a.*', '(?i)/a', '[/]a', '.*/a', '\\/a', '^/a'])('takes the pattern %s', async (regex) => {
    expect((await configOf(document({ rules: `[{path: {regex: '${regex}'}, use: web}]` }))).rules).toHaveLength(1);
  });

  it('reads every secret, inside lists of a mode as well', async () => {
    const parts = {
      keys: '{file: keys.json}',
      modes: '{web: {mode: gate, tokens: [{secret: {file: t}}, {secret: {env: SECRET}}]}}',
    };
    const config = await configOf(document(parts), { 'keys.json': 'sound from a file\n', t: 'first\r\n' });
    expect(config.keys.reveal()).toBe('sound from a file');
    const gate = gateMode.settings.parse({});
    const { tokens } = { ...gate, ...(config.modes.get('web')?.settings as typeof gate) }; // web is a gate
    expect(tokens.map(({ secret }) => secret.reveal())).toEqual(['first', 'client-secret']);
    expect(inspect(config, { depth: 10 })).not.toMatch(/sound from|client-secret/);
  });

  it('can be read without its secrets', async () => {
    const loaded = await readText(document({ keys: '{file: not-there}' }), {}, { readsSecrets: false });
    if (loaded.kind === 'invalid') throw new Error('invalid');
    expect(() => loaded.config.keys.reveal()).toThrow();
  });

  it('may use anchors and aliases', async () => {
    const rules = `\n  - {path: &p {exact: /a}, use: public}\n  - {path: *p, methods: [GET], use: web}\n  - {use: web}`;
    expect((await configOf(document({ rules }))).rules).toHaveLength(3);
  });
});

describe('secrets', () => {
  const inline =
    'a secret never stands in this file: put it in a file and write {file: path}, or in the environment and write {env: NAME}';

  it('refuses a secret that stands in the file, and says how it is done', async () => {
    const providers = '{corp: {issuer: "https://id.example.com", clientId: app, clientSecret: hunter2}}';
    expect(await errorsOf(document({ providers }))).toEqual([
      `5:83 providers.corp.clientSecret: expected a reference to a secret: {file: path} or {env: NAME}; found a string (${inline})`,
    ]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['as the value', { keys: 'hunter2' }],
    ['as a key', { keys: '{hunter2}' }],
    ['as an unknown member', { keys: '{value: hunter2}' }],
    ['in a list', { keys: '[hunter2]' }],
    ['in place of a variable name', { keys: '{env: hunter2!}' }],
    ['in place of a file name', { keys: '{file: hunter2}' }],
    ['in the URL of the store', { store: '{type: redis, url: "redis://u:hunter2@h"}' }],
    ['in the URL of an issuer', { providers: '{corp: {issuer: "https://u:hunter2@id", clientId: a}}' }],
    ['where a number belongs', { store: '{type: memory, maxSessions: hunter2}' }],
    ['where a word belongs', { log: '{level: hunter2}' }],
    ['where an instance belongs', { rules: '[{use: hunter2}]' }],
    ['behind a broken line', { keys: '{env: KEYS\n  hunter2: "hunter2' }],
    ['as an alias', { keys: '*hunter2' }],
    ['as a tag', { keys: '!hunter2 x' }],
    ['in a key ring file', { keys: '{file: ring}' }],
  ])('names no value in any message (G7, G8): %s', async (_, parts) => {
    const loaded = await readText(document(parts), { ring: 'hunter2' });
    expect(loaded.kind).toBe('invalid');
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
  });

  it.each([
    ['a file that is not there', {}, 'there is no such file (relative paths are taken from '],
    ['an empty file', { s: '\n' }, 'the file is empty'],
    ['a file that is too large', { s: 'x'.repeat(70_000) }, 'the file is larger than 64 KiB'],
  ])('reports %s', async (_, files: Readonly<Record<string, string>>, problem) => {
    const [error] = await errorsOf(document({ keys: '{file: s}' }), files);
    expect(error).toContain(`3:14 keys.file: ${problem}`);
  });

  it('reports a certificate that is none', async () => {
    const tls = '{cert: c, key: k, clientCa: none}';
    const listen = `{authz: {address: "0.0.0.0:1", tls: ${tls}}, http: "127.0.0.1:2", ops: "127.0.0.1:3"}`;
    const errors = await errorsOf(document({ listen }), { c: 'x', k: 'x' });
    expect(errors).toEqual([expect.stringContaining('listen.authz.tls.clientCa: there is no such file')]);
    expect(await errorsOf(document({ listen }), { c: 'x', k: 'x', none: 'x' })).toEqual([
      expect.stringContaining('listen.authz.tls.cert: expected a PEM certificate'),
      expect.stringContaining('listen.authz.tls.key: expected a PEM private key without a passphrase'),
      expect.stringContaining('listen.authz.tls.clientCa: expected one or more PEM certificates'),
    ]);
  });
});

describe('warnings', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      'a rule behind one that takes all',
      { rules: '[{name: all, use: web}, {path: {exact: /a}, use: public}]' },
      '7:32 rules[1]: no request reaches this rule: "all" above it takes all of them (move it up, or remove it)',
    ],
    [
      'a rule for the base path of an instance',
      { rules: '[{path: {prefix: /_gate}, use: deny}, {use: web}]' },
      '7:16 rules[0].path: this rule never applies: modes.web answers at its base path and below, whatever rules say (remove the rule, or move the base path of the instance)',
    ],
    [
      'a rule below the base path of an instance',
      { rules: '[{path: {exact: /_gate/login}, use: deny}, {path: {prefix: /_gates}, use: deny}, {use: web}]' },
      '7:16 rules[0].path: this rule never applies: modes.web answers at its base path and below, whatever rules say (remove the rule, or move the base path of the instance)',
    ],
    [
      'a tolerance that no path can use',
      { rules: '[{path: {exact: /a}, tolerate: {semicolons: true}, use: web}]' },
      '7:39 rules[0].tolerate: tolerating changes nothing here: a path that can be read in two ways is never this one path (use path.prefix)',
    ],
    [
      'a rule for a context that the generated Envoy does not set',
      {
        rules: '[{context: {tenant: a}, use: web}]',
        envoy: '{listen: "127.0.0.1:8080", workload: "w:1", trustedHops: 1}',
      },
      '7:19 rules[0].context: this rule never applies behind the Envoy that `sallyport envoy` makes: its routes set no context (set context_extensions on routes of your own)',
    ],
    [
      'https without anybody who ends TLS',
      { envoy: '{listen: "127.0.0.1:8080", workload: "w:1"}' },
      '8:8 envoy: origins are https, but neither Envoy nor a proxy before it is said to end TLS (set tls, or trustedHops to the number of proxies before Envoy)',
    ],
    [
      'Secure cookies on plain HTTP',
      { origins: '["http://app.example.com"]' },
      '6:14 modes.web: browsers keep no Secure cookie from an http origin: nobody can log in there (use https; for development only, set cookie.insecureHttp: true)',
    ],
    [
      'a store that may take longer than the check',
      {
        store: '{type: redis, url: "redis://h", commandTimeout: 1s}',
        envoy: '{listen: "127.0.0.1:8080", workload: "w:1", trustedHops: 1, checkTimeout: 1s}',
      },
      '4:56 store.commandTimeout: a store command may take longer than the whole check (envoy.checkTimeout) (make it shorter than envoy.checkTimeout)',
    ],
    [
      'a store whose silence is noticed too late for refreshes',
      { store: '{type: redis, url: "redis://h", commandTimeout: 2s}' },
      '4:56 store.commandTimeout: a process that is cut off from Redis notices after twice that, when another has taken over its refreshes: users may be logged out (write 1s)',
    ],
  ])('says %s', async (_, parts, warning) => {
    expect(await warningsOf(document(parts))).toEqual([warning]);
  });
});
