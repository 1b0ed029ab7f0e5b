import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { startProcess } from '../support/process.ts';
import { runSallyport } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { root } from '../support/tools.ts';

test('compose.yaml: its preparation turns the demo into a sound configuration with Redis, and changes nothing else', async () => {
  const folder = await tempFolder();
  await cp(join(root, 'examples/demo'), join(folder, 'examples/demo'), { recursive: true });
  const script = join(root, 'examples/demo/compose-prepare.sh');
  const command = `${process.execPath} ${join(root, 'src/main.ts')}`;
  const preparation = startProcess({ name: 'prepare', command: 'sh', args: [script, folder, command] });
  expect(await preparation.ended, preparation.output()).toEqual({ code: 0, signal: undefined });

  const original = parse(await readFile(join(root, 'examples/demo/sallyport.yaml'), 'utf8'));
  const file = join(folder, '.demo/compose/sallyport.yaml');
  expect(parse(await readFile(file, 'utf8'))).toEqual({
    ...original,
    store: { type: 'redis', url: 'redis://127.0.0.1:6379' },
    envoy: { ...original.envoy, listen: '0.0.0.0:8080' },
  });
  const checked = await runSallyport('check', '--config', file);
  expect(checked.code, checked.output).toBe(0);
  expect(await readFile(join(folder, 'envoy/envoy.yaml'), 'utf8')).toContain('0.0.0.0');
});
