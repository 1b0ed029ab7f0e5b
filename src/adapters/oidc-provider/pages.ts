import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Page } from '../../core/html/page.ts';
import type { PageRenderer } from '../../core/html/page-renderer.ts';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { pageReply } from '../../core/http/reply.ts';
import type { IssuerPages } from '../../ports/issuer-engine.ts';

/** The pages that the engine shows, written out for who is asking; the status of an answer stays as it is. */
export interface EnginePages {
  show(context: KoaContextWithOIDC, choose: (pages: IssuerPages) => Page): void;
}

export function enginePagesOf(pages: IssuerPages, renderer: PageRenderer): EnginePages {
  return {
    show(context, choose) {
      const reply = pageReply(context.status, choose(pages));
      const { headers, body } = renderer.render(reply, httpRequestFrom(context.req));
      context.body = body;
      for (const [name, value] of headers) context.set(name, value);
    },
  };
}

/** The engine's error page. `out` is its public part. */
export function showError(
  context: KoaContextWithOIDC,
  pages: EnginePages,
  { error, error_description }: { readonly error: string; readonly error_description?: string | undefined },
): void {
  const description = error === 'server_error' ? undefined : error_description;
  pages.show(context, ({ error: page }) => page({ error, description }));
}
