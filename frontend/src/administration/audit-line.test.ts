import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../api/administration';
import { en } from '../i18n/en';
import { lineOfAction, lineOfEvent } from './audit-line';

const event: AuditEvent = {
  id: 7,
  at: '2026-11-29T10:00:00Z',
  kind: 'block',
  outcome: 'done',
  count: 1,
  actor: { id: 1, login: 'root' },
  subject: { id: 2, login: 'anna' },
  address: '203.0.113.9',
  request_id: 'r-1',
  detail: null,
};

test('a line names who did it and to whom', () => {
  const line = lineOfEvent(event, en);
  assert.deepEqual([line.title, line.who, line.whom], [en.administration.kinds.block, 'root (#1)', 'anna (#2)']);
});

test('what users do to their own account has one name', () => {
  const line = lineOfEvent({ ...event, kind: 'sign_in', subject: event.actor }, en);
  assert.deepEqual([line.who, line.whom], ['root (#1)', null]);
});

test('a kind of a later release is shown as it is called', () => {
  assert.equal(lineOfEvent({ ...event, kind: 'key_issue', actor: null }, en).title, 'key_issue');
});

test('an action on a dead letter names the event', () => {
  const line = lineOfAction(
    {
      id: 1,
      at: event.at,
      action: 'replayed',
      direction: 'incoming',
      event_id: 'e-1',
      event_type: 'orders.OrderCreated.v1',
      operator: '1',
      address: null,
      request_id: null,
    },
    en,
  );
  assert.deepEqual([line.who, line.whom], ['User 1', 'orders.OrderCreated.v1 e-1']);
});
