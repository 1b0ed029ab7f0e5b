import { issuerMode } from './issuer/index.ts';
import type { ModeDefinition } from './mode.ts';
import { oauthAgentMode } from './oauth-agent/index.ts';
import { sessionMode } from './session/index.ts';

/** The one list of modes: configuration schema, documentation and wiring all read it. */
export const modes: readonly ModeDefinition[] = [sessionMode, oauthAgentMode, issuerMode];
