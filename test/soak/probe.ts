// Preloaded into every Sallyport process of a soak run (NODE_OPTIONS): on SIGUSR2 it collects garbage and writes how
// the process is. It does nothing in other processes.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const folder = process.env['SOAK_PROBE_FOLDER'];
if (folder !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // what the flag adds
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  process.on('SIGUSR2', () => {
    collect();
    // Finalisers run in between.
    setImmediate(() => {
      collect();
      const file = join(folder, `${process.pid}.json`);
      writeFileSync(`${file}.part`, JSON.stringify(probed(delay)));
      renameSync(`${file}.part`, file);
      delay.reset();
    });
  });
}

function probed(delay: ReturnType<typeof monitorEventLoopDelay>) {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external, delayMs: delay.percentile(50) / 1e6 };
}
