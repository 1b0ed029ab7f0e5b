import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';

/** Where the texts of a certificate and its private key are named. */
interface PairPlaces {
  readonly certificate: ConfigPath;
  readonly privateKey: ConfigPath;
}

/** What is wrong with a certificate and its key, PEM both. */
export function problemsOfPair(certificate: string, privateKey: string, places: PairPlaces): readonly Finding[] {
  const leaf = attempt(() => new X509Certificate(certificate));
  const key = attempt(() => createPrivateKey(privateKey));
  return [
    ...(leaf === undefined ? [errorAt(places.certificate, 'expected a PEM certificate')] : []),
    ...(key === undefined
      ? [errorAt(places.privateKey, 'expected a PEM private key without a passphrase')]
      : leaf !== undefined && !leaf.checkPrivateKey(key)
        ? [errorAt(places.privateKey, 'the private key does not belong to the certificate')]
        : []),
  ];
}

/** What is wrong with a bundle of certificates, every one of which must be sound. */
export function problemsOfBundle(bundle: string, place: ConfigPath): readonly Finding[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const isSound = blocks.length > 0 && blocks.every((block) => attempt(() => new X509Certificate(block)) !== undefined);
  return isSound ? [] : [errorAt(place, 'expected one or more PEM certificates')];
}

/** Whether the certificate is of the key; undefined when it is no certificate. */
export function certifies(certificate: string, key: Parameters<X509Certificate['checkPrivateKey']>[0]) {
  return attempt(() => new X509Certificate(certificate))?.checkPrivateKey(key);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // the caller says what was expected; the library's words could quote the file
  }
}
