import { seenSecrets } from '../support/seen-secrets.ts';
import type { World } from '../support/world.ts';

/** Secrets of the run, own and seen on the wire, that stand in a log; each cut short. */
export function secretsInLogs(world: World): readonly string[] {
  const secrets = new Set([...seenSecrets(), world.provider.clientSecret, ...keysOf(world.keyRing)]);
  const logs = [world.envoy.output(), ...world.replicas.map((replica) => replica.output())];
  // The words of the logs are looked up among the secrets: the other way round takes hours after a long run.
  const words = logs.flatMap((log) => [...log.split(/[^\w.~%+/=-]+/), ...log.split(/[^\w-]+/)]);
  const found = new Set(words.filter((word) => secrets.has(word) || secrets.has(decoded(word))));
  return [...found].map((secret) => `${secret.slice(0, 6)}… (${secret.length} characters)`);
}

function decoded(word: string): string {
  try {
    return word.includes('%') ? decodeURIComponent(word) : word;
  } catch {
    return word;
  }
}

/** Every text of the key ring that is long enough to be a key. */
function keysOf(keyRing: string): readonly string[] {
  const texts: string[] = [];
  JSON.parse(keyRing, (_key, value: unknown) => {
    if (typeof value === 'string' && value.length >= 32) texts.push(value);
    return value;
  });
  return texts;
}
