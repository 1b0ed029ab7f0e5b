import { Document, isScalar, visit } from 'yaml';
import { comments } from './comments.ts';
import type { EnvoyObject } from './envoy-value.ts';

/** The configuration as YAML, with the reasons of the lines that do not explain themselves. */
export function printEnvoyYaml(bootstrap: EnvoyObject, heading: string): string {
  // Envoy reads YAML 1.1, where `on` and `no` are no texts unless they are quoted.
  const document = new Document(bootstrap, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  document.commentBefore = heading
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n');
  const unused = new Map(comments);
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key)) return;
      const name = String(pair.key.value);
      const withValue = `${name}: ${isScalar(pair.value) ? String(pair.value.value) : ''}`;
      const key = unused.has(withValue) ? withValue : name;
      const comment = unused.get(key);
      if (comment === undefined) return;
      pair.key.commentBefore = ` ${comment}`;
      unused.delete(key); // said once, at the first place
    },
  });
  return document.toString({ lineWidth: 0 });
}
