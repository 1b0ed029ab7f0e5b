import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

const module = new URL('../../src/adapters/telemetry/telemetry.ts', import.meta.url).href;

/** A process that writes `count` events to standard output and ends at once with code 3. */
function logger(count: number): ChildProcess {
  const script = `
    const { createTelemetry } = await import(${JSON.stringify(module)});
    const telemetry = createTelemetry({ level: 'info', serviceName: 'test' });
    for (let index = 0; index < ${count}; index += 1) {
      if (index === ${count / 2}) await new Promise(setImmediate);
      telemetry.event('started', { index });
    }
    process.exit(3);`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('telemetry on standard output', () => {
  it('loses no line and keeps their order when the process ends', async () => {
    const child = logger(5000);
    const output = child.stdout === null ? '' : await text(child.stdout);
    const lines = output.trimEnd().split('\n');
    const indexes = lines.map((line) => (JSON.parse(line) as { readonly index: number }).index); // our own lines
    expect(indexes).toEqual(Array.from({ length: 5000 }, (_, index) => index));
  });

  it('does not end the process when nobody reads any more', async () => {
    const child = logger(5000);
    child.stdout?.destroy();
    expect(await once(child, 'exit')).toEqual([3, null]);
  });
});
