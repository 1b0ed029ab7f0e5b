import { createHash } from 'node:crypto';
import { renderKeyRing } from '../../../adapters/node-crypto/new-key-ring.ts';
import { keyRingFrom } from '../../../adapters/node-crypto/shared-key.ts';
import { Secret } from '../../../core/secret.ts';
import type { ConfigError } from '../../config/config.ts';
import type { Finding } from '../../config/finding.ts';
import { type LoadedFiles, loadDocument } from '../../config/load-config.ts';
import type { ConfigSource } from '../../config/source.ts';
import type { Remark } from '../findings.ts';
import type { Problem } from '../problem.ts';
import { convert } from './convert.ts';
import type { Environment } from './settings.ts';
import { inVariables } from './words.ts';

/** A configuration that was made from an environment of the original. */
export type FromEnvironment =
  | {
      readonly kind: 'ok';
      readonly loaded: LoadedFiles & { readonly kind: 'ok' };
      /** What its operator should know. */
      readonly remarks: readonly Remark[];
    }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/** Stands for the name of the configuration file in logs. */
const source = 'environment';

// Seen by the reader of the configuration alone, never set in the process.
const ringVariable = 'SALLYPORT_DERIVED_KEYS';

/**
 * The configuration that `sallyport import oauth-agent` writes, without a file: the key ring is derived from
 * COOKIE_ENCRYPTION_KEY, so that replicas agree. Problems name variables.
 */
export async function loadOauthAgent(environment: Environment): Promise<FromEnvironment> {
  const converted = convert(environment);
  if (converted.kind === 'failed') return converted;
  const document = {
    ...converted.document,
    keys: { env: ringVariable },
    // Nothing in it can change while the process runs.
    reload: { watch: false },
  };
  const http = (environment['SALLYPORT_LISTEN_HTTP'] ?? '') === '' ? 'PORT' : 'SALLYPORT_LISTEN_HTTP';
  const locate = (finding: Finding): ConfigError => {
    const { variable, problem, suggestion } = inVariables(finding, { origins: converted.originsFrom, http });
    return { file: source, line: 1, column: 1, path: variable, problem, suggestion };
  };
  const ring = keyRingFrom(new Secret(environment['COOKIE_ENCRYPTION_KEY'] ?? ''));
  const read = await loadDocument({ value: document, errors: [], locate } satisfies ConfigSource, {
    configFile: source,
    environment: { ...environment, [ringVariable]: renderKeyRing(ring) },
  });
  if (read.kind === 'invalid') return { kind: 'failed', problems: read.errors.map(problemOf) };
  const state = createHash('sha256').update(JSON.stringify(document)).digest('base64url');
  const files = new Map([[source, { maxBytes: 0, state }]]);
  return { kind: 'ok', loaded: { ...read, files }, remarks: converted.remarks };
}

function problemOf({ path, problem, suggestion }: ConfigError): Problem {
  return { subject: path, problem, suggestion };
}

/** The outcome of reading the environment again, for whoever asks for a reload. */
export function unchangeable({ files }: LoadedFiles): LoadedFiles {
  const error = {
    file: source,
    line: 1,
    column: 1,
    path: '',
    problem: 'the settings are the environment of this process, which cannot change while it runs',
    suggestion: 'restart it; sallyport import oauth-agent writes a file that can be reloaded',
  };
  return { kind: 'invalid', errors: [error], warnings: [], files };
}
