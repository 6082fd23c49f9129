/** A line of the audit trail, of accounts or of dead letters. */
import type { AuditEvent, LetterAction, Outcome, UserName } from '../api/administration';
import type { Words } from '../i18n/en';

export interface AuditLine {
  id: number;
  at: string;
  title: string;
  outcome: Outcome;
  count: number;
  /** Who did it. */
  who: string | null;
  /** Whom, or what, it was done to; `null` if that is the same user. */
  whom: string | null;
  address: string | null;
  requestId: string | null;
  detail: string | null;
}

export const KINDS = [
  'sign_in',
  'sign_out',
  'registration',
  'password_change',
  'password_reset_issue',
  'password_reset',
  'session_end',
  'sessions_end',
  'session_expiry',
  'block',
  'unblock',
  'role_change',
  'second_factor_on',
  'second_factor_off',
  'recovery_codes',
  'second_factor_removal',
  'administrator_creation',
  'refresh',
  'access_token',
  'administration',
] as const;

export const ACTIONS = ['replayed', 'replaced', 'discarded', 'deleted'] as const;

export function lineOfEvent(event: AuditEvent, words: Words): AuditLine {
  const { id, at, outcome, count, actor, subject, address, detail } = event;
  const kinds: Record<string, string> = words.administration.kinds;
  return {
    id,
    at,
    title: kinds[event.kind] ?? event.kind,
    outcome,
    count,
    who: actor && nameOf(actor),
    whom: subject && subject.id !== actor?.id ? nameOf(subject) : null,
    address,
    requestId: event.request_id,
    detail,
  };
}

export function lineOfAction(action: LetterAction, words: Words): AuditLine {
  const { id, at, address, operator } = action;
  const actions: Record<string, string> = words.administration.actions;
  return {
    id,
    at,
    title: actions[action.action] ?? action.action,
    outcome: 'done',
    count: 1,
    who: operator && words.account.of(Number(operator)),
    whom: `${action.event_type} ${action.event_id}`,
    address,
    requestId: action.request_id,
    detail: null,
  };
}

function nameOf({ id, login }: UserName): string {
  return login === null ? `#${id}` : `${login} (#${id})`;
}
