/**
 * The sum of a metric over the label sets that contain `labels` (as Prometheus writes them: `event="login_started"`),
 * as one process tells it. Counters move before the answer leaves that they count; 0 for a metric without a value.
 */
export async function metricOf(process: { readonly opsUrl: string }, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${process.opsUrl}/metrics`)).text();
  const lines = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)];
  return lines
    .filter(([, metric, set = '']) => metric === name && set.includes(labels))
    .reduce((sum, [, , , value]) => sum + Number(value), 0);
}
