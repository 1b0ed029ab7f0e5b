import type { IRegularForbiddenRuleType } from 'dependency-cruiser';

/** Where each library may be imported, as patterns of paths; a library that is not listed may be imported nowhere. */
const libraryHomes: Readonly<Record<string, readonly string[]>> = {
  ioredis: ['^src/adapters/ioredis/'],
  jose: ['^src/adapters/openid-client/'],
  'oidc-provider': ['^src/adapters/oidc-provider/'],
  'openid-client': ['^src/adapters/openid-client/'],
  pino: ['^src/adapters/telemetry/'],
  'prom-client': ['^src/adapters/telemetry/'],
  re2js: ['^src/adapters/re2js/'],
  undici: ['^src/adapters/undici/'],
  '@grpc/grpc-js': ['^src/servers/ext-authz/'],
  'grpc-health-check': ['^src/servers/ext-authz/'],
  '@bufbuild/protobuf': ['^src/gen/', '^src/servers/ext-authz/'],
  fastify: ['^src/fastify/', '^src/servers/', '^src/modes/[^/]+/routes\\.ts$', '^src/modes/mode\\.ts$'],
  '@fastify/formbody': ['^src/servers/', '^src/modes/[^/]+/routes\\.ts$'],
  zod: [
    '^src/modes/[^/]+/(settings|requirements|schemas)\\.ts$',
    '^src/modes/(mode|settings-types)\\.ts$',
    '^src/app/config/',
    '^src/servers/admin/input\\.ts$',
  ],
  commander: ['^src/app/cli/'],
  'fastest-levenshtein': ['^src/app/config/'],
  'smol-toml': ['^src/app/import/'],
  yaml: ['^src/app/config/', '^src/app/envoy/', '^src/app/import/'],
};

/** core ← ports ← flows ← modes; adapters and servers know core and ports; app knows all. */
const layers: readonly (readonly [from: string, ...to: readonly string[]])[] = [
  ['^src/core/', '^src/core/'],
  ['^src/ports/', '^src/core/', '^src/ports/'],
  ['^src/flows/', '^src/core/', '^src/ports/', '^src/flows/'],
  // What routes of modes and of servers share: neither imports the other.
  ['^src/fastify/', '^src/core/', '^src/fastify/'],
  ['^src/modes/', '^src/core/', '^src/ports/', '^src/flows/', '^src/fastify/', '^src/modes/'],
  ['^src/adapters/', '^src/core/', '^src/ports/', '^src/adapters/'],
  ['^src/servers/', '^src/core/', '^src/ports/', '^src/fastify/', '^src/servers/', '^src/gen/'],
  ['^src/gen/', '^src/gen/'],
];

/** What no import of src/ may do (docs/architecture.md). */
export const boundaryRules: IRegularForbiddenRuleType[] = [
  ...layers.map(([from, ...to]) =>
    forbid(`${from} imports only ${to.join(' ')}`, { path: from }, { path: '^src/', pathNot: [...to] }),
  ),
  forbid(
    'a mode imports no other mode',
    { path: '^src/modes/([^/]+)/' },
    { path: '^src/modes/[^/]+/', pathNot: '^src/modes/$1/' },
  ),
  forbid(
    'an adapter imports no other adapter',
    { path: '^src/adapters/([^/]+)/' },
    { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
  ),
  forbid(
    'core is pure: of Node only hashes',
    { path: '^src/core/' },
    { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
  ),
  forbid(
    'src imports nothing outside',
    { path: '^src/' },
    { pathNot: ['^src/', 'node_modules/'], dependencyTypesNot: ['core'] },
  ),
  forbid('every import is found', {}, { couldNotResolve: true }),
  forbid('no cycles', {}, { circular: true }),
  forbid(
    'a library without a home',
    { path: '^src/' },
    { path: 'node_modules/', pathNot: Object.keys(libraryHomes).map(libraryPattern) },
  ),
  ...Object.entries(libraryHomes).map(([library, homes]) =>
    forbid(
      `${library} is imported only in ${homes.join(' ')}`,
      { path: '^src/', pathNot: [...homes] },
      { path: libraryPattern(library) },
    ),
  ),
];

function forbid(
  name: string,
  from: IRegularForbiddenRuleType['from'],
  to: IRegularForbiddenRuleType['to'],
): IRegularForbiddenRuleType {
  return { name, severity: 'error', from, to };
}

function libraryPattern(library: string): string {
  return `node_modules/${library}/`;
}
