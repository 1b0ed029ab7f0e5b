import { Secret } from '../../core/secret.ts';
import { type SecretLocation, SecretReference } from '../../modes/settings-types.ts';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';
import { readReferencedFile } from './read-referenced-file.ts';

const maxSecretBytes = 65_536;

/** Where secrets are looked up. */
export interface SecretSources {
  /** The configuration file: relative paths are taken from its folder. */
  readonly configFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A copy of a parsed value in which every {@link SecretReference} is the secret itself; `found` gets an error for
 * each that cannot be read. What holds no reference is not copied.
 */
export async function readSecrets<T>(value: T, path: ConfigPath, found: Finding[], sources: SecretSources): Promise<T> {
  // The shape stays as it is, since SecretReference is a Secret<string> and a copy has the members of its original.
  return (await replaceIn(value, path, found, sources)) as T;
}

async function replaceIn(value: unknown, path: ConfigPath, found: Finding[], sources: SecretSources): Promise<unknown> {
  if (value instanceof SecretReference) return readSecret(value.location, path, found, sources);
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => replaceIn(item, [...path, index], found, sources)));
  }
  if (value instanceof Map) {
    const entries = [...value].map(
      async ([key, item]) => [key, await replaceIn(item, [...path, String(key)], found, sources)] as const,
    );
    return new Map(await Promise.all(entries));
  }
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await replaceIn(item, [...path, key], found, sources)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function isPlainObject(value: unknown): value is object {
  return value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
}

async function readSecret(
  location: SecretLocation,
  path: ConfigPath,
  found: Finding[],
  { configFile, environment }: SecretSources,
): Promise<Secret<string>> {
  switch (location.kind) {
    case 'env': {
      const value = environment[location.name];
      if (value === undefined || value === '') {
        found.push(errorAt([...path, 'env'], 'this environment variable is not set, or is empty'));
      }
      return new Secret(value ?? '');
    }
    case 'file': {
      const place = [...path, 'file'];
      const read = await readReferencedFile({ configFile, path: location.path, place }, maxSecretBytes, found);
      const text = read?.replace(/\r?\n$/, '');
      if (text === '') found.push(errorAt(place, 'the file is empty'));
      return new Secret(text ?? '');
    }
  }
}
