import type { Answer, ClientRequest, TestClient } from '../support/client.ts';

/** Where a browser stands. */
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly body: string;
  /** Every URL that was opened on the way here, this one last. */
  readonly hops: readonly string[];
}

/** Opens a URL and follows redirects, over origins, to the first answer that is none. */
export async function visit(client: TestClient, url: string, request: ClientRequest = {}): Promise<Visit> {
  return await settle(client, await client.open(url, request), url, [url]);
}

async function settle(client: TestClient, first: Answer, url: string, before: readonly string[]): Promise<Visit> {
  let answer = first;
  const hops = [...before];
  for (let at = url; ; ) {
    const location = answer.header('location');
    if (answer.status < 300 || answer.status > 399 || location === undefined) {
      return { url: at, status: answer.status, body: answer.body, hops };
    }
    at = new URL(location, at).href;
    if (hops.length > 30) throw new Error(`thirty hops, the last to ${at}`);
    hops.push(at);
    answer = await client.open(at);
  }
}

/** A client that does not open what begins with `prefix`, until it is let go. */
export function holdBack(client: TestClient, prefix: string): { readonly client: TestClient; letGo(): Promise<Visit> } {
  let held: { readonly url: string; readonly request: ClientRequest } | undefined;
  return {
    client: {
      ...client,
      open: async (url, request = {}) => {
        if (!url.startsWith(prefix)) return await client.open(url, request);
        held = { url, request };
        return { status: 204, body: '', header: () => undefined, values: () => [] };
      },
    },
    letGo: async () => {
      if (held === undefined) throw new Error(`nothing at ${prefix} was to be opened`);
      return await visit(client, held.url, held.request);
    },
  };
}

/** A form of a page, as a browser would send it when nobody touches it. */
export interface Form {
  readonly action: string;
  readonly method: string;
  /** Names and values of its fields; buttons are not among them. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The forms of a page, in its order. */
export function formsOf({ url, body }: Visit): readonly Form[] {
  return [...body.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, attributes = '', inside = '']) => ({
    action: new URL(attributeOf(attributes, 'action') ?? '', url).href,
    method: (attributeOf(attributes, 'method') ?? 'get').toUpperCase(),
    fields: new Map(
      [...inside.matchAll(/<input\b([^>]*)>/gi)]
        .map(([, text = '']) => text)
        .filter((text) => !/^(submit|button|checkbox|image|reset)$/i.test(attributeOf(text, 'type') ?? 'text'))
        .map((text) => [attributeOf(text, 'name') ?? '', attributeOf(text, 'value') ?? ''] as const)
        .filter(([name]) => name !== ''),
    ),
  }));
}

/** Fills in a form of the page that is shown, sends it, and follows where that leads. */
export async function submit(
  client: TestClient,
  page: Visit,
  form: Form,
  values: Readonly<Record<string, string>> = {},
): Promise<Visit> {
  const fields = new URLSearchParams([...new Map([...form.fields, ...Object.entries(values)])]);
  const { origin } = new URL(page.url);
  const isSameOrigin = new URL(form.action).origin === origin;
  const target = form.method === 'GET' ? Object.assign(new URL(form.action), { search: fields }).href : form.action;
  const answer = await client.open(target, {
    method: form.method,
    headers: { origin, 'sec-fetch-site': isSameOrigin ? 'same-origin' : 'cross-site', ...formType },
    ...(form.method === 'GET' ? {} : { body: fields.toString() }),
  });
  return await settle(client, answer, target, [...page.hops, target]);
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' } as const;

function attributeOf(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(attributes);
  const text = match?.[1] ?? match?.[2] ?? match?.[3];
  return text === undefined ? undefined : decode(text);
}

const entities: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>' };

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name ?? ''] ?? whole;
  });
}
