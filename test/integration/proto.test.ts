import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  loadSync,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import {
  AuthorizationDefinition,
  CheckRequest,
  CheckResponse,
} from '../../src/gen/envoy/service/auth/v3/external_auth.ts';

const root = new URL('../..', import.meta.url).pathname;
const file = 'envoy/service/auth/v3/external_auth.proto';
const xds = dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json'));
const officialDirectories = ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((name) =>
  join(xds, 'deps', name),
);

// Numbers and labels as they are, names as in the files.
const ours = loadSync(file, {
  keepCase: true,
  longs: Number,
  enums: Number,
  oneofs: true,
  includeDirs: [join(root, 'proto')],
});
const official = loadSync(file, {
  keepCase: true,
  longs: Number,
  enums: Number,
  oneofs: true,
  includeDirs: officialDirectories,
});

interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number: number }[];
}

interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly nestedType: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly oneofDecl: readonly { readonly name: string }[];
}

interface Types {
  readonly messages: ReadonlyMap<string, MessageDescriptor>;
  readonly enums: ReadonlyMap<string, EnumDescriptor>;
}

/** Every message and enum by full name, nested ones included. */
function typesOf(definitions: PackageDefinition): Types {
  const messages = new Map<string, MessageDescriptor>();
  const enums = new Map<string, EnumDescriptor>();
  const addMessage = (fullName: string, descriptor: MessageDescriptor) => {
    messages.set(fullName, descriptor);
    for (const nested of descriptor.nestedType) addMessage(`${fullName}.${nested.name}`, nested);
    for (const nested of descriptor.enumType) enums.set(`${fullName}.${nested.name}`, nested);
  };
  for (const [fullName, definition] of Object.entries(definitions)) {
    if (!('format' in definition) || typeof definition.format !== 'string') continue;
    // proto-loader types descriptors as `object`.
    const { format, type } = definition as { readonly format: string; readonly type: object };
    if (format.endsWith('EnumDescriptorProto')) enums.set(fullName, type as EnumDescriptor);
    else addMessage(fullName, type as MessageDescriptor);
  }
  return { messages, enums };
}

/** The full name behind a relative one, searched from the innermost scope outwards as protobuf does. */
function resolve(typeName: string, scope: string, { messages, enums }: Types): string {
  if (typeName === '') return '';
  const parts = scope.split('.');
  for (let length = parts.length; length >= 0; length -= 1) {
    const fullName = [...parts.slice(0, length), typeName].join('.');
    if (messages.has(fullName) || enums.has(fullName)) return fullName;
  }
  throw new Error(`${typeName} in ${scope} is not known`);
}

/** Full name → what must be equal, for every field, oneof and enum value. */
function flatten(definitions: PackageDefinition): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  const types = typesOf(definitions);
  for (const [fullName, { field, oneofDecl }] of types.messages) {
    for (const { name, number, label, type, typeName } of field) {
      facts.set(`${fullName}.${name}`, `${label} ${type} ${resolve(typeName, fullName, types)} = ${number}`);
    }
    // `optional` makes a oneof of its own, which is not on the wire.
    for (const { name } of oneofDecl) if (!name.startsWith('_')) facts.set(`${fullName}.${name}`, 'oneof');
  }
  for (const [fullName, { value }] of types.enums) {
    for (const { name, number } of value) facts.set(`${fullName}.${name}`, `enum value ${number}`);
  }
  return facts;
}

/** proto-loader's definition of one message. */
function messageOf(definitions: PackageDefinition, name: string): MessageTypeDefinition<object, object> {
  return definitions[`envoy.service.auth.v3.${name}`] as MessageTypeDefinition<object, object>;
}

describe('our part of the external authorization API', () => {
  it('has the name, number, type and label of the official files in every field and enum value', () => {
    const theirs = flatten(official);
    const compared = [...flatten(ours)].filter(([fullName]) => !fullName.startsWith('google.protobuf.'));
    for (const [fullName, fact] of compared)
      expect(`${fullName}: ${theirs.get(fullName)}`).toBe(`${fullName}: ${fact}`);
    expect(compared.filter(([, fact]) => fact.startsWith('LABEL_')).length).toBeGreaterThanOrEqual(36);
    expect(compared.filter(([, fact]) => fact.startsWith('enum value')).length).toBeGreaterThanOrEqual(61);
  });

  it('compares something: a changed number or type is noticed', () => {
    const theirs = flatten(official);
    expect(theirs.get('envoy.service.auth.v3.AttributeContext.HttpRequest.header_map')).toBe(
      'LABEL_OPTIONAL TYPE_MESSAGE envoy.config.core.v3.HeaderMap = 13',
    );
    expect(theirs.get('envoy.service.auth.v3.CheckResponse.http_response')).toBe('oneof');
    expect(theirs.size).toBeGreaterThan(500);
  });

  it('has the service and method path of the official file', () => {
    const name = AuthorizationDefinition.fullName;
    const { Check } = official[name] as ServiceDefinition;
    expect(Check?.path).toBe(`/${name}/${AuthorizationDefinition.methods.check.name}`);
    expect(Check?.requestStream).toBe(AuthorizationDefinition.methods.check.requestStream);
    expect(Check?.responseStream).toBe(AuthorizationDefinition.methods.check.responseStream);
  });

  it('reads what the official files write, and skips the fields it does not know', () => {
    const bytes = messageOf(official, 'CheckRequest').serialize({
      attributes: {
        source: { address: { socket_address: { address: '192.0.2.7', port_value: 4711 } }, principal: 'spiffe://a' },
        request: {
          time: { seconds: 1, nanos: 2 },
          http: {
            id: '1',
            method: 'GET',
            headers: { a: 'b', constructor: 'c' },
            header_map: { headers: [{ key: 'cookie', raw_value: Buffer.from([0xe9, 0x00]) }] },
            path: '/x?y',
            host: 'h',
            scheme: 'https',
            size: -1,
            protocol: 'HTTP/1.1',
            body: 'unused',
          },
        },
        context_extensions: { mode: 'heal' },
        metadata_context: { filter_metadata: {} },
      },
    });
    expect(CheckRequest.decode(bytes)).toEqual({
      attributes: {
        request: {
          http: {
            id: '1',
            method: 'GET',
            headers: new Map([
              ['a', 'b'],
              ['constructor', 'c'],
            ]),
            headerMap: { headers: [{ key: 'cookie', value: '', rawValue: Buffer.from([0xe9, 0x00]) }] },
            path: '/x?y',
            host: 'h',
            scheme: 'https',
            protocol: 'HTTP/1.1',
          },
        },
        contextExtensions: new Map([['mode', 'heal']]),
      },
    });
  });

  it('writes what the official files read', () => {
    const option = { header: { key: 'a', value: 'b' }, append: false, appendAction: 2 } as const;
    const forward = CheckResponse.encode({
      status: { code: 0, message: '' },
      httpResponse: {
        $case: 'okResponse',
        value: {
          headers: [option],
          headersToRemove: ['c'],
          responseHeadersToAdd: [{ ...option, append: undefined, appendAction: 1 }],
          queryParametersToRemove: ['code'],
        },
      },
    }).finish();
    const header = { key: 'a', value: 'b' };
    expect(messageOf(official, 'CheckResponse').deserialize(Buffer.from(forward))).toEqual({
      status: {},
      http_response: 'ok_response',
      ok_response: {
        headers: [{ header, append: {}, append_action: 2 }],
        headers_to_remove: ['c'],
        response_headers_to_add: [{ header, append_action: 1 }],
        query_parameters_to_remove: ['code'],
      },
    });
    const reply = CheckResponse.encode({
      status: { code: 16, message: 'm' },
      httpResponse: { $case: 'deniedResponse', value: { status: { code: 401 }, headers: [option], body: 'ü' } },
    }).finish();
    expect(messageOf(official, 'CheckResponse').deserialize(Buffer.from(reply))).toEqual({
      status: { code: 16, message: 'm' },
      http_response: 'denied_response',
      denied_response: {
        status: { code: 401 },
        headers: [{ header, append: {}, append_action: 2 }],
        body: 'ü',
      },
    });
  });

  it('reads its own answers back from the official encoder', () => {
    const bytes = messageOf(official, 'CheckResponse').serialize({
      status: { code: 7 },
      denied_response: { status: { code: 403 }, headers: [{ header: { key: 'k', value: 'v' } }], body: 'b' },
    });
    expect(CheckResponse.decode(bytes)).toEqual({
      status: { code: 7, message: '' },
      httpResponse: {
        $case: 'deniedResponse',
        value: {
          status: { code: 403 },
          headers: [{ header: { key: 'k', value: 'v', rawValue: undefined }, append: undefined, appendAction: 0 }],
          body: 'b',
        },
      },
    });
  });
});

describe('src/gen', () => {
  it('is what `npm run gen` makes of proto/', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sallyport-gen-'));
    try {
      const { PATH: paths = '' } = process.env;
      const bin = join(root, 'node_modules/.bin');
      await promisify(execFile)('buf', ['generate', 'proto', '--template', 'proto/buf.gen.yaml', '-o', directory], {
        cwd: root,
        env: { ...process.env, PATH: `${bin}:${paths}` },
      });
      for (const path of [
        'envoy/service/auth/v3/external_auth.ts',
        'envoy/config/core/v3/base.ts',
        'google/rpc/status.ts',
      ]) {
        const fresh = await readFile(join(directory, 'src/gen', path), 'utf8');
        expect(await readFile(join(root, 'src/gen', path), 'utf8')).toBe(fresh);
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  }, 30_000);
});
