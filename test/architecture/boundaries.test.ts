import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { root } from '../support/tools.ts';
import { boundaryRules } from './boundary-rules.ts';

/** Every import below `<folder>/src`, those of types too, against the rules. */
async function cruiseSources(folder: string): Promise<ICruiseResult> {
  const { output } = await cruise(['src'], {
    baseDir: folder,
    // The default parser goes through the TypeScript API; with TypeScript 7 it sees nothing and complains of nothing.
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$' },
    validate: true,
    ruleSet: { forbidden: boundaryRules },
  });
  return output as ICruiseResult; // a string only with an output type
}

function violationsOf(result: ICruiseResult): readonly string[] {
  return result.summary.violations.map(({ rule, from, to }) => `${from} → ${to}: ${rule.name}`);
}

test('imports follow the dependency rule: core ← ports ← flows ← modes; adapters and servers beside; app knows all', async () => {
  const result = await cruiseSources(root);
  const seen = result.modules.map(({ source }) => source).filter((source) => source.startsWith('src/'));
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));

  expect(seen.toSorted()).toEqual(files.toSorted());
  expect(files.length).toBeGreaterThan(100);
  // A parser that sees files and no imports would find nothing wrong either.
  expect(result.summary.totalDependenciesCruised).toBeGreaterThan(2 * files.length);
  expect(violationsOf(result)).toEqual([]);
});

test.each([
  ['core imports a mode', 'src/core/a.ts', '../modes/one/b.ts', 'src/modes/one/b.ts'],
  ['a type of an adapter reaches a flow', 'src/flows/a.ts', '../adapters/redis/b.ts', 'src/adapters/redis/b.ts'],
  ['a mode imports another', 'src/modes/one/a.ts', '../two/b.ts', 'src/modes/two/b.ts'],
  ['core reads files', 'src/core/a.ts', 'node:fs', undefined],
  ['a server imports the application', 'src/servers/a.ts', '../app/b.ts', 'src/app/b.ts'],
])('the dependency rule is enforced: %s', async (_name, file, specifier, target) => {
  const folder = await tempFolder();
  await write(folder, file, `import type { b } from '${specifier}';\nexport type A = typeof b;\n`);
  if (target !== undefined) await write(folder, target, 'export const b = 1;\n');
  expect(violationsOf(await cruiseSources(folder))).not.toEqual([]);
});

async function write(folder: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}
