const secondsPerUnit: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-9],
  ['us', 1e-6],
  ['µs', 1e-6],
  ['μs', 1e-6],
  ['ms', 1e-3],
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
]);

const part = /([0-9]*\.?[0-9]+|[0-9]+\.)(ns|us|µs|μs|ms|s|m|h)/g;

/** Whole seconds of a duration as Go writes it (`168h0m0s`, `1.5h`, `0`), cut down; undefined when it is none. */
export function secondsOfGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:(?:[0-9]*\.?[0-9]+|[0-9]+\.)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  const seconds = [...text.matchAll(part)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (secondsPerUnit.get(unit) ?? Number.NaN),
    0,
  );
  // 0.1 and its like are no binary fractions: what is a whole second but for that is one.
  return Math.floor(seconds + 1e-6);
}

/** The same length as sallyport.yaml writes it: one whole number with the largest unit that fits. */
export function durationText(seconds: number): string {
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const) {
    if (seconds > 0 && seconds % length === 0) return `${seconds / length}${unit}`;
  }
  return `${seconds}s`;
}
