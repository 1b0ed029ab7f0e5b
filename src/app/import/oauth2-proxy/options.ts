import type { Option } from './option.ts';
import { cookieOptions } from './options/cookie.ts';
import { headerOptions } from './options/headers.ts';
import { loggingOptions } from './options/logging.ts';
import { pageOptions } from './options/pages.ts';
import { providerOptions } from './options/provider.ts';
import { proxyOptions } from './options/proxy.ts';
import { serverOptions } from './options/server.ts';
import { specialProviderOptions } from './options/special-provider.ts';
import { storeOptions } from './options/store.ts';
import { upstreamOptions } from './options/upstream.ts';

/** The release whose options these are. Older ones have no others that still work. */
export const knownRelease = '7.15';

/** Options by what they are about, in the order of the documentation. */
export const optionGroups: readonly (readonly [heading: string, options: readonly Option[]])[] = [
  ['Providers', providerOptions],
  ['Single providers', specialProviderOptions],
  ['Who comes in, and where', proxyOptions],
  ['Cookies', cookieOptions],
  ['Headers', headerOptions],
  ['Sessions', storeOptions],
  ['Upstreams', upstreamOptions],
  ['Server and probes', serverOptions],
  ['Pages', pageOptions],
  ['Logs', loggingOptions],
];

/** Every option, by its flag. */
export const optionsByFlag: ReadonlyMap<string, Option> = new Map(
  optionGroups.flatMap(([, options]) => options.map((option) => [option.flag, option] as const)),
);

/** What variables and files can set. */
export const settableOptions: readonly Option[] = [...optionsByFlag.values()].filter(
  ({ isOnlyFlag }) => isOnlyFlag !== true,
);

/** The option of a flag that the program itself names. */
export function optionOf(flag: string): Option {
  const option = optionsByFlag.get(flag);
  if (option === undefined) throw new Error(`oauth2-proxy has no option ${flag}`);
  return option;
}
