import type { Split } from '../api/model';

/** Whether something that is open on the bill is settled in a group instead. The bill can still change. */
export function paysInGroup({ participants }: Split): boolean {
  return participants.some(({ in_group, to_pay }) => in_group === true && to_pay !== 0n);
}
