// Logins at real providers: Keycloak, django-oauth-toolkit, oidc-provider, and an OAuth-only one.
// `npm run test:interop -- keycloak` runs the files whose names have that in them.
import { delimiter, dirname } from 'node:path';
import { setUpProviders } from './lib/interop-set-up.js';
import { runScript } from './lib/project.js';
import { setUp } from './lib/set-up.js';
import { runVitest } from './lib/vitest.js';

await runScript(async () => {
  const { node } = await setUp(['envoy', 'redis', 'chromium']);
  await setUpProviders();
  process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  // One file after the other: Keycloak alone takes both cores of a small machine.
  const { passed, failed } = await runVitest(node, ['interop'], ['--no-file-parallelism', ...process.argv.slice(2)]);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
