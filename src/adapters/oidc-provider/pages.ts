import type { KoaContextWithOIDC } from 'oidc-provider';
import type { IssuerPage, IssuerPages } from '../../ports/issuer-engine.ts';

/** Puts one of our pages on the answer; the status stays as it is. */
export function show(context: KoaContextWithOIDC, page: IssuerPage): void {
  context.body = page.body;
  for (const [name, value] of page.headers) context.set(name, value);
}

/** The engine's error page. `out` is its public part. */
export function showError(
  context: KoaContextWithOIDC,
  pages: IssuerPages,
  out: { readonly error: string; readonly error_description?: string | undefined },
): void {
  const description = out.error === 'server_error' ? undefined : out.error_description;
  show(context, pages.error({ error: out.error, description }));
}
