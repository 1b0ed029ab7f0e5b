// The manifests in k8s/ against the schemas of Kubernetes, a real API server, and Envoy Gateway's own translation.
// Not part of `npm test`: needs Go, and compiles for a quarter of an hour the first time.
import { delimiter, dirname } from 'node:path';
import { setUpKubernetes } from './lib/kubernetes-set-up.js';
import { runScript } from './lib/project.js';
import { setUp } from './lib/set-up.js';
import { runVitest } from './lib/vitest.js';

await runScript(async () => {
  const { node } = await setUp(['envoy']);
  await setUpKubernetes();
  process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  const { passed, failed } = await runVitest(node, ['kubernetes'], process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
