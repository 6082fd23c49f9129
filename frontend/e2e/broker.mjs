// Publishes messages that no service would publish, through RabbitMQ's management API.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { BASE_URL } from './browser.mjs';

// The broker is a private one in development mode, with RabbitMQ's default credentials.
const CREDENTIALS = Buffer.from('guest:guest').toString('base64');

/** A UUID of version 7; ids with the same `middle` (8 hexadecimal digits) share that part. */
export function newId(middle = randomBytes(4).toString('hex')) {
  const time = Date.now().toString(16).padStart(12, '0');
  const [head, tail] = [randomBytes(2).toString('hex'), randomBytes(2).toString('hex')];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${head.slice(1)}-8000-${middle}${tail}`;
}

/**
 * Publishes that an unknown order is paid: orders-service rejects the event, and a retry does not help.
 *
 * Returns the ids in the event. The reason of its dead letter contains the order id.
 */
export async function payUnknownOrder(orderId = newId()) {
  const [id, correlationId] = [newId(), newId()];
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const type = 'payments.PaymentCompleted.v1';
  const envelope = {
    specversion: '1.0',
    id,
    source: '/payments',
    type,
    subject: orderId,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    sequence: '1',
    partitionkey: orderId,
    correlationid: correlationId,
    traceparent,
    data: { order_id: orderId, transaction_id: newId() },
  };
  const properties = {
    message_id: id,
    type,
    content_type: 'application/cloudevents+json',
    correlation_id: correlationId,
    delivery_mode: 2,
    headers: { traceparent, sequence: '1' },
  };
  await publish('payments', { properties, routing_key: type, payload: JSON.stringify(envelope) });
  return { id, orderId, correlationId, traceId };
}

async function publish(exchange, message) {
  const { console_url: consoleUrl } = await (await fetch(new URL('/gateway/info', BASE_URL))).json();
  assert.ok(consoleUrl, 'the gateway names no console of the broker, through which this story publishes');
  const answer = await fetch(new URL(`/api/exchanges/%2F/${exchange}/publish`, consoleUrl), {
    method: 'POST',
    headers: { Authorization: `Basic ${CREDENTIALS}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...message, payload_encoding: 'string' }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.deepEqual(await answer.json(), { routed: true });
}
