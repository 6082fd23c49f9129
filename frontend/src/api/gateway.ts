/** Information about the gateway. */
import { call } from './http';
import type { GatewayInfo } from './model';

export async function readGatewayInfo(): Promise<GatewayInfo> {
  return (await call<GatewayInfo>('/gateway/info', { userId: null })).data;
}
