/** Where something listens or is reached. `path` is absolute. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** As people and gRPC write it: `127.0.0.1:4180`, `[::1]:4180`, `unix:/run/sallyport/authz.sock`. */
export function addressText(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
