/** What the gateway says about itself. */
import { call } from './http';
import type { GatewayInfo } from './model';

export async function readGatewayInfo(): Promise<GatewayInfo> {
  return (await call<GatewayInfo>('/gateway/info', { userId: null })).data;
}
