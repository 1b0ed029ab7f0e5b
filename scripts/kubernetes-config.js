// Makes the Envoy configurations in k8s/ again: what `sallyport envoy` prints for the sallyport.yaml in each ConfigMap.
// After a change there, and after a change of the generator. A test compares.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root, runScript, SetUpError } from './lib/project.js';
import { run } from './lib/run.js';
import { setUp } from './lib/set-up.js';

/** The ConfigMap of Sallyport, the one that is made from it, and the namespace that both are in. */
const pairs = [
  {
    from: 'k8s/sidecar/manifests/sallyport-config.yaml',
    to: 'k8s/sidecar/manifests/envoy-config.yaml',
    namespace: 'app',
  },
  {
    from: 'k8s/standalone/manifests/sallyport-config.yaml',
    to: 'k8s/recipes/envoy/envoy-config.yaml',
    namespace: 'sallyport',
  },
];

await runScript(async () => {
  const { node } = await setUp([]);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kubernetes-'));
  try {
    for (const { from, to, namespace } of pairs) {
      const file = join(folder, 'sallyport.yaml');
      writeFileSync(file, parse(readFileSync(join(root, from), 'utf8')).data['sallyport.yaml']);
      const { code, stdout, output } = await run(node, ['src/main.ts', 'envoy', '--config', file]);
      if (code !== 0) throw new SetUpError(`${from}: ${output}`);
      writeFileSync(join(root, to), configMap(stdout, { from, namespace }));
      console.log(`made ${to}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return 0;
});

/**
 * @param {string} envoyYaml
 * @param {{ readonly from: string, readonly namespace: string }} of
 */
function configMap(envoyYaml, { from, namespace }) {
  const indented = envoyYaml.replace(/^(?=.)/gm, '    ');
  return `# Made by scripts/kubernetes-config.js from ${from}. Do not edit.
apiVersion: v1
kind: ConfigMap
metadata:
  name: envoy
  namespace: ${namespace}
data:
  envoy.yaml: |
${indented}`;
}
