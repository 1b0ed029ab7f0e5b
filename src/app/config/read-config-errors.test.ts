// More than 300 lines: one case for each thing that a configuration may say wrongly, all on the same document.
import { describe, expect, it } from 'vitest';
import { document, errorsOf } from '../../../test/support/config-text.ts';

describe('errors (G7)', () => {
  it('are reported all at once, in the order of the file, each with line, column, path, expectation and suggestion', async () => {
    const text = document({
      orgins: '[]',
      listen: '{authz: "0.0.0.0:4180", http: 4181, ops: "127.0.0.1:4182"}',
      modes: '{web: {mode: gat}, app: {mode: gate, lifetme: 1h}}',
      rules: '[{use: ap}, {use: web, path: {prefix: /a/}}]',
      log: '{level: inf}',
    });
    expect(await errorsOf(text)).toEqual([
      '2:39 listen.http: expected a string or a map; found a whole number',
      '6:21 modes.web.mode: expected one of gate, bystander (did you mean gate?)',
      '6:45 modes.app.lifetme: there is no setting of this name (did you mean lifetime?)',
      '7:15 rules[0].use: there is no instance of this name under modes (did you mean app?)',
      '7:46 rules[1].path.prefix: expected a prefix without a slash at the end: /app covers /app and everything below /app/',
      '8:1 orgins: there is no setting of this name (did you mean origins?)',
      '9:14 log.level: expected one of debug, info, warn, error (did you mean info?)',
    ]);
  });

  it.each<readonly [what: string, parts: Readonly<Record<string, string | undefined>>, error: string]>([
    [
      'a missing section',
      { keys: undefined },
      '1:1 keys: a required setting is missing: expected a reference to a secret: {file: path} or {env: NAME} (write {file: path} or {env: NAME})',
    ],
    ['an empty list', { origins: '[]' }, '1:10 origins: expected at least 1 entries'],
    [
      'a number for a string',
      { providers: '{corp: {issuer: "https://id.example.com", clientId: 7}}' },
      '5:64 providers.corp.clientId: expected a string; found a whole number (put the value in quotes)',
    ],
    [
      'a string for a number',
      { store: '{type: memory, maxSessions: "7"}' },
      '4:36 store.maxSessions: expected a number; found a string (write it without quotes)',
    ],
    [
      'a word for a list',
      { rules: '[{use: web, methods: GET}]' },
      '7:29 rules[0].methods: expected a list; found a string (write a list: [one, two])',
    ],
    [
      'a bare number for a duration',
      { shutdown: '{drain: 15}' },
      '8:19 shutdown.drain: expected a whole number with a unit (s, m, h or d), such as 30s, 15m, 12h or 14d; found a whole number',
    ],
    [
      'an unknown store',
      { store: '{type: reddis}' },
      '4:15 store.type: expected one of memory, redis (did you mean redis?)',
    ],
    [
      'a setting of the other store',
      { store: '{type: memory, url: "redis://x"}' },
      '4:23 store.url: there is no setting of this name (it goes with another type)',
    ],
    [
      'a password inside the URL',
      { store: '{type: redis, url: "redis://:pw@h"}' },
      '4:27 store.url: expected a URL without user name and password (write them beside it: username: name, password: {file: path})',
    ],
    [
      'an origin with a path',
      { origins: '["https://app.example.com/x"]' },
      '1:11 origins[0]: expected scheme://host[:port] with http or https, in lower case, without path and default port; `*.` may stand for the first name of the host (write https://app.example.com)',
    ],
    [
      'an origin with a wildcard for all of a top-level domain',
      { origins: '["https://*.com"]' },
      '1:11 origins[0]: expected at least two names behind the wildcard: https://*.example.com, not https://*.com (name the domain whose hosts are meant)',
    ],
    [
      'an origin with a wildcard in the middle',
      { origins: '["https://app.*.example.com"]' },
      '1:11 origins[0]: expected scheme://host[:port] with http or https, in lower case, without path and default port; `*.` may stand for the first name of the host',
    ],
    [
      'an origin with a wildcard for a part of a name',
      { origins: '["https://app-*.example.com"]' },
      '1:11 origins[0]: expected scheme://host[:port] with http or https, in lower case, without path and default port; `*.` may stand for the first name of the host',
    ],
    [
      'an origin with a wildcard, not as browsers write it',
      { origins: '["https://*.Example.com:443/"]' },
      '1:11 origins[0]: expected scheme://host[:port] with http or https, in lower case, without path and default port; `*.` may stand for the first name of the host (write https://*.example.com)',
    ],
    [
      'an origin with a wildcard in an IP address',
      { origins: '["https://*.0.0.1"]' },
      '1:11 origins[0]: expected scheme://host[:port] with http or https, in lower case, without path and default port; `*.` may stand for the first name of the host',
    ],
    [
      'a wildcard over an origin of another scheme',
      { origins: '["http://app.example.com", "https://*.example.com"]' },
      '1:11 origins[0]: origins[1] covers this host under another scheme: a request for it could be meant for either (use one scheme for both, or move one to another domain)',
    ],
    [
      'a rule for a host that only a wildcard covers',
      { origins: '["https://*.example.com"]', rules: '[{hosts: [a.example.com], use: web}]' },
      '7:18 rules[0].hosts[0]: no origin has this host: a host is written as in origins, without the scheme (did you mean *.example.com?)',
    ],
    [
      'an origin with a dot at the end of its host',
      { origins: '["https://app.example.com.:8443"]' },
      '1:11 origins[0]: expected a host without a dot at its end (write https://app.example.com:8443)',
    ],
    [
      'two origins of one host',
      { origins: '["https://app.example.com", "http://app.example.com"]' },
      '1:38 origins[1]: origins[0] has the same host: a request for it could be meant for either (keep one of them)',
    ],
    [
      'two origins of one host and port, one of them by default',
      { origins: '["https://app.example.com", "http://app.example.com:443"]' },
      '1:38 origins[1]: origins[0] has the same host: a request for it could be meant for either (keep one of them)',
    ],
    [
      'two origins of one host and port, the other one by default',
      { origins: '["https://app.example.com:80", "http://app.example.com"]' },
      '1:41 origins[1]: origins[0] has the same host: a request for it could be meant for either (keep one of them)',
    ],
    [
      'an address without a port',
      { listen: '{authz: localhost, http: "127.0.0.1:1", ops: "127.0.0.1:2"}' },
      '2:17 listen.authz: expected host:port (127.0.0.1:4180, [::1]:4180) or unix:/absolute/path of at most 107 bytes; the host is an IP address or localhost',
    ],
    [
      'an open check without mutual TLS',
      { listen: '{authz: "0.0.0.0:1", http: "127.0.0.1:2", ops: "0.0.0.0:3"}' },
      '2:17 listen.authz: expected a loopback address or a Unix socket: whoever reaches this listener can obtain tokens (listen on 127.0.0.1 or unix:/path, or write {address, tls: {cert, key, clientCa}})',
    ],
    [
      'an open side service without mutual TLS',
      { listen: '{authz: "127.0.0.1:1", http: "192.0.2.1:2", ops: "127.0.0.1:3"}' },
      '2:38 listen.http: expected a loopback address or a Unix socket: whoever reaches this listener can obtain tokens (listen on 127.0.0.1 or unix:/path, or write {address, tls: {cert, key, clientCa}})',
    ],
    [
      'two listeners on one address',
      { listen: '{authz: "127.0.0.1:1", http: "127.0.0.1:1", ops: "127.0.0.1:3"}' },
      '2:38 listen.http: listen.authz has the same address (give each its own)',
    ],
    ['a weak key ring', { keys: '{env: SECRET}' }, '3:7 keys: not a usable key ring: too weak'],
    [
      'an environment variable that is not set',
      { keys: '{env: NOT_SET}' },
      '3:13 keys.env: this environment variable is not set, or is empty',
    ],
    [
      'an issuer over http',
      { providers: '{corp: {issuer: "http://id.example.com", clientId: app}}' },
      '5:28 providers.corp.issuer: expected an https URL; found http (use https; for development only, set allowHttp: true)',
    ],
    [
      'a back channel over http',
      { providers: '{corp: {issuer: "https://id.example.com", clientId: app, backChannelUrl: "http://10.0.0.1"}}' },
      '5:85 providers.corp.backChannelUrl: expected an https URL; found http (use https; for development only, set allowHttp: true)',
    ],
    [
      'scopes without openid',
      { providers: '{corp: {issuer: "https://id.example.com", clientId: app, scopes: [email]}}' },
      '5:77 providers.corp.scopes: expected openid among the scopes (add openid)',
    ],
    [
      'a name with a capital',
      { modes: '{Web: {mode: gate}, web: {mode: gate, basePath: /x, cookie: {name: x}}}' },
      '6:9 modes.Web: expected a name of up to 32 lower-case letters, digits and hyphens (write web)',
    ],
    [
      'an instance called public',
      { modes: '{public: {mode: gate}, web: {mode: gate, basePath: /x, cookie: {name: x}}}' },
      '6:9 modes.public: expected a name other than public and deny, which rules know',
    ],
    [
      'an unknown provider',
      { modes: '{web: {mode: gate, provider: crop}}' },
      '6:37 modes.web.provider: there is no provider of this name under providers (did you mean corp?)',
    ],
    [
      'one base path twice',
      { modes: '{web: {mode: gate}, two: {mode: gate, cookie: {name: x}}}' },
      '6:33 modes.two.basePath: the base path is the same as that of modes.web, or one lies below the other (give each instance a base path of its own)',
    ],
    [
      'a base path below another',
      { modes: '{web: {mode: gate, basePath: /a/b}, two: {mode: gate, basePath: /a, cookie: {name: x}}}' },
      '6:72 modes.two.basePath: the base path is the same as that of modes.web, or one lies below the other (give each instance a base path of its own)',
    ],
    [
      'one cookie name twice',
      { modes: '{web: {mode: gate}, two: {mode: gate, basePath: /x}}' },
      '6:33 modes.two.cookie.name: the cookies would be taken for those of modes.web (give each instance a cookie name of its own)',
    ],
    [
      'a cookie name that continues another',
      { modes: '{web: {mode: gate}, two: {mode: gate, basePath: /x, cookie: {name: gate-login}}}' },
      '6:75 modes.two.cookie.name: the cookies would be taken for those of modes.web (give each instance a cookie name of its own)',
    ],
    [
      'insecure cookies on https',
      { modes: '{web: {mode: gate, cookie: {insecureHttp: true}}}' },
      '6:50 modes.web.cookie.insecureHttp: insecureHttp is for plain HTTP alone, and an origin is https: its cookies would be open to theft (remove insecureHttp)',
    ],
    [
      'a rule for an unknown host',
      { rules: '[{hosts: [ap.example.com], use: web}]' },
      '7:18 rules[0].hosts[0]: no origin has this host: a host is written as in origins, without the scheme (did you mean app.example.com?)',
    ],
    [
      'a path in two ways',
      { rules: '[{path: {exact: /a, prefix: /b}, use: web}]' },
      '7:16 rules[0].path: expected exactly one of exact, prefix and regex',
    ],
    [
      'a path in no way',
      { rules: '[{path: {}, use: web}]' },
      '7:16 rules[0].path: expected exactly one of exact, prefix and regex',
    ],
    [
      'a path without a slash',
      { rules: '[{path: {exact: app}, use: web}]' },
      '7:24 rules[0].path.exact: expected a path that starts with a slash',
    ],
    [
      'a path with a query',
      { rules: '[{path: {exact: "/a?b"}, use: web}]' },
      '7:24 rules[0].path.exact: expected a path without ? and #: rules do not look at the query',
    ],
    [
      'an encoded path',
      { rules: '[{path: {exact: /a%20b}, use: web}]' },
      '7:24 rules[0].path.exact: expected a decoded path: rules see /a b where the request has /a%20b',
    ],
    [
      'a path with a dot segment',
      { rules: '[{path: {prefix: /a/../b}, use: web}]' },
      '7:25 rules[0].path.prefix: expected a path without // and dot segments: such requests are refused before rules are looked at',
    ],
    [
      'a path with a semicolon',
      { rules: '[{path: {prefix: "/a;b"}, use: web}]' },
      '7:25 rules[0].path.prefix: expected a path without ; \\ and control characters: such requests are refused before rules are looked at',
    ],
    [
      'a look-ahead',
      { rules: '[{path: {regex: "/(?=a).*"}, use: web}]' },
      '7:24 rules[0].path.regex: expected RE2 syntax: look-ahead and look-behind are not part of it',
    ],
    [
      'a back-reference',
      { rules: "[{path: {regex: '/(a)\\1'}, use: web}]" },
      '7:24 rules[0].path.regex: expected RE2 syntax: back-references are not part of it',
    ],
    [
      'a pattern that no path can match',
      { rules: '[{path: {regex: "admin/.*"}, use: web}]' },
      '7:24 rules[0].path.regex: expected a pattern of the whole path, and every path begins with a slash (begin it with /, or with .*/ for any depth)',
    ],
    [
      'a pattern that no path can match, with an anchor',
      { rules: '[{path: {regex: "^admin"}, use: web}]' },
      '7:24 rules[0].path.regex: expected a pattern of the whole path, and every path begins with a slash (begin it with /, or with .*/ for any depth)',
    ],
    [
      'a broken pattern',
      { rules: "[{path: {regex: '/('}, use: web}]" },
      '7:24 rules[0].path.regex: expected RE2 syntax: missing closing )',
    ],
    [
      'a method in lower case',
      { rules: '[{methods: [get], use: web}]' },
      '7:20 rules[0].methods[0]: expected a method in upper case, such as GET',
    ],
    [
      'requirements of another mode',
      { rules: '[{use: web, require: {group: [a]}}]' },
      '7:30 rules[0].require.group: there is no setting of this name (did you mean groups?)',
    ],
    [
      'requirements of nobody',
      { rules: '[{use: public, require: {groups: [a]}}]' },
      '7:23 rules[0].require: require needs an instance that checks it; use: public checks nothing (name an instance in use)',
    ],
    [
      'keepAuthorization elsewhere',
      { rules: '[{use: web, keepAuthorization: true}]' },
      '7:20 rules[0].keepAuthorization: keepAuthorization is for rules with use: public; an instance decides about the header itself (remove it)',
    ],
    [
      'preflights on a public rule',
      { rules: '[{use: public, passPreflight: true}]' },
      '7:23 rules[0].passPreflight: passPreflight is for rules that name an instance; use: public lets preflights through as it does everything (remove it)',
    ],
    [
      'preflights on a deny rule',
      { rules: '[{use: deny, passPreflight: true}]' },
      '7:21 rules[0].passPreflight: passPreflight is for rules that name an instance; use: deny lets nothing through, preflights included (remove it)',
    ],
    [
      'preflights past an instance that answers them',
      { modes: '{web: {mode: gate, cors: true}}', rules: '[{use: web, passPreflight: true}]' },
      '7:20 rules[0].passPreflight: modes.web has CORS on and answers preflights itself: the workload gets none (remove it)',
    ],
    [
      'what the mode itself refuses',
      { modes: '{web: {mode: gate, misplaced: true}}' },
      '6:38 modes.web.misplaced: expected another place (move it)',
    ],
    [
      'tolerance on a deny rule',
      { rules: '[{use: deny, tolerate: {semicolons: true}}]' },
      '7:21 rules[0].tolerate: tolerate lets requests on, and use: deny refuses them all (remove it)',
    ],
    [
      'something that nothing tolerates',
      { rules: '[{use: web, tolerate: {semicolon: true}}]' },
      '7:31 rules[0].tolerate.semicolon: there is no setting of this name (did you mean semicolons?)',
    ],
    [
      'a context of nothing',
      { rules: '[{use: web, context: {}}]' },
      '7:29 rules[0].context: expected at least one key',
    ],
    [
      'a context value that is no text',
      { rules: '[{use: web, context: {tenant: 7}}]' },
      '7:38 rules[0].context.tenant: expected a string; found a whole number (put the value in quotes)',
    ],
    [
      'a header limit that Envoy cannot keep',
      { requests: '{maxHeaderBytes: 10000}' },
      '8:28 requests.maxHeaderBytes: expected a multiple of 1024',
    ],
    [
      'a header limit above what the side service reads',
      { requests: '{maxHeaderBytes: 131072}' },
      '8:28 requests.maxHeaderBytes: expected at most 98304',
    ],
    [
      'an instance that protects nothing',
      { modes: '{web: {mode: gate}, idp: {mode: bystander}}', rules: '[{use: idp}]' },
      '7:15 rules[0].use: an instance of mode bystander protects nothing by itself (name public, deny or an instance of another mode)',
    ],
    [
      'two rules of one name',
      { rules: '[{name: a, use: web}, {name: a, use: web}]' },
      '7:37 rules[1].name: rules[0] has the same name',
    ],
    [
      'a header that is no name',
      { requests: '{stripHeaders: ["x y"]}' },
      '8:27 requests.stripHeaders[0]: expected a header name',
    ],
    [
      'a stripped header that requests cannot be without',
      { requests: '{stripHeaders: [Host]}' },
      '8:27 requests.stripHeaders[0]: expected a header that HTTP itself does not need',
    ],
    [
      'an open admin interface',
      { envoy: '{listen: "127.0.0.1:8080", workload: "w:1", admin: "0.0.0.0:1", trustedHops: 1}' },
      '8:59 envoy.admin: expected a loopback address or a Unix socket: the admin interface can stop Envoy and shows its configuration',
    ],
    [
      'replicas without a shared store',
      {
        envoy:
          '{listen: "127.0.0.1:8080", workload: "w:1", trustedHops: 1, replicas: [{authz: "a:1", http: "a:2"}, {authz: "b:1", http: "b:2"}]}',
      },
      '4:15 store.type: several replicas need a store that they share; a session of one is unknown to the others (write type: redis, or state: sealed for the sessions)',
    ],
    [
      'Envoy on the address of a listener',
      { envoy: '{listen: "127.0.0.1:4182", workload: "w:1", trustedHops: 1}' },
      '8:17 envoy.listen: listen.ops has the same address (give each its own)',
    ],
  ])('says where and what: %s', async (_, parts, error) => {
    expect(await errorsOf(document(parts))).toEqual([error]);
  });

  it('says what is wrong with a document that is no map', async () => {
    expect((await errorsOf('just text'))[0]).toBe('1:1 : expected a map; found a string');
    expect((await errorsOf(''))[0]).toMatch(/^1:1 : expected a map; found an empty value/);
  });

  it('does not blame a rule for an instance that has an error of its own', async () => {
    const errors = await errorsOf(document({ modes: '{web: {mode: gate, lifetime: 1}}' }));
    expect(errors).toHaveLength(1);
  });
});
