import { claims } from './claims.ts';
import type { Endpoint } from './endpoint.ts';
import { loginEnd } from './login-end.ts';
import { loginStart } from './login-start.ts';
import { logout } from './logout.ts';
import { openApiEndpoint } from './openapi.ts';
import { providerEndpoints } from './provider-endpoints.ts';
import { refresh } from './refresh.ts';
import type { AgentRuntime } from './runtime.ts';
import { sessionStatus } from './session-status.ts';
import { userInfo } from './user-info.ts';

/** Every endpoint of an agent, the description of them included. */
export function agentEndpoints(runtime: AgentRuntime): readonly Endpoint[] {
  const described = [loginStart, loginEnd, userInfo, claims, refresh, logout, sessionStatus];
  return [...described, openApiEndpoint(described, runtime), ...providerEndpoints(runtime)];
}
