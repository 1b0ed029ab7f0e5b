// Makes the checkout ready for `npm run demo` and `npm test`; both do it themselves as well.
import { runScript } from './lib/project.js';
import { setUp } from './lib/set-up.js';

await runScript(async () => {
  const { node, tools } = await setUp(['envoy', 'redis', 'chromium']);
  for (const [tool, path] of Object.entries({ node, ...tools })) console.log(`${tool}: ${path}`);
  return 0;
});
