#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(`sallyport needs Node 24.12 or newer; this is Node ${process.versions.node}\n`);
  process.exit(1);
}

// After the check: an older Node would fail on what is imported, with a stack in place of a sentence.
const { runProgram } = await import('./app/cli/program.ts');

try {
  process.exitCode = await runProgram(process.argv.slice(2), {
    environment: process.env,
    input: process.stdin,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    untilAskedToStop: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
      }),
    onAskedToReload: (listener) => void process.on('SIGHUP', listener),
  });
} catch (error) {
  process.stderr.write(`sallyport: ${error instanceof Error ? error.message : 'failed'}\n`);
  process.exitCode = 1;
}
