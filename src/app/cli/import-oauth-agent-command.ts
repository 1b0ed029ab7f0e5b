import { importOauthAgent } from '../import/oauth-agent/import.ts';
import { readText } from './read-text.ts';
import { tellImported } from './tell-imported.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** What `sallyport import oauth-agent` is called with. */
export interface OauthAgentImportOptions {
  readonly envFile?: string;
  readonly origin?: readonly string[];
  readonly report?: boolean;
}

/** `sallyport import oauth-agent`. */
export function importOauthAgentCommand(options: OauthAgentImportOptions, terminal: Terminal): number {
  const { envFile, origin = [], report = false } = options;
  const heading = [
    `Made by sallyport ${version()} import oauth-agent. Read the comments, then:`,
    '  sallyport check --config sallyport.yaml',
  ];
  const sources = { environmentFile: envFile, environment: terminal.environment, origins: origin };
  return tellImported(importOauthAgent(sources, { readText, heading }), report, terminal);
}
