import { startProcess } from '../test/support/process.ts';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly cookie: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 2xx or 3xx, and socket errors. A run with any is worth nothing. */
  readonly failures: number;
}

/** What a browser sends with a click, so that messages have the size they have in life. */
const browserHeaders = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  'Sec-Ch-Ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
  'Sec-Ch-Ua-Mobile: ?0',
  'Sec-Ch-Ua-Platform: "Linux"',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-User: ?1',
  'Upgrade-Insecure-Requests: 1',
  'Dnt: 1',
  'Priority: u=0, i',
];

/** Runs wrk with one thread. Throws when wrk is not installed. */
export async function runWrk(load: Load): Promise<LoadResult> {
  const headers = [...browserHeaders, `Cookie: ${load.cookie}; _ga=GA1.1.1234567890.1700000000; theme=dark`];
  const running = startProcess({
    name: 'wrk',
    command: 'wrk',
    args: [
      '-t1',
      `-c${load.connections}`,
      `-d${load.seconds}s`,
      '--latency',
      ...headers.flatMap((line) => ['-H', line]),
      load.url,
    ],
  });
  await running.ended;
  return parse(running.output());
}

function parse(output: string): LoadResult {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const millis = (percentile: string) => {
    const [, value = 'NaN', unit = ''] = new RegExp(`${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? [];
    return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN);
  };
  const socketErrors = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  const rejected = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? '0';
  const result = {
    requests: number(/(\d+) requests in/),
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: millis('50'),
    p99Ms: millis('99'),
    failures: [...socketErrors, rejected].reduce((sum, each) => sum + Number(each), 0),
  };
  if (Number.isNaN(result.perSecond)) throw new Error(`wrk did not measure:\n${output}`);
  return result;
}
