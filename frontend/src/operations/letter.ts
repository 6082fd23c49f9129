/** A dead letter, with its service. */
import type { DeadLetter } from '../api/model';
import type { LetterAddress, Service } from '../api/operations';

export type Letter = DeadLetter & { service: Service };

export function addressOf({ service, direction, event_id }: Letter): LetterAddress {
  return { service, direction, eventId: event_id };
}

/** One row per event, direction and service: two services can reject the same event. */
export function letterKey({ service, direction, eventId }: LetterAddress): string {
  return `${service}/${direction}/${eventId}`;
}

export function sameLetter(left: Letter, right: Letter): boolean {
  return letterKey(addressOf(left)) === letterKey(addressOf(right));
}

export function newestFirst(left: Letter, right: Letter): number {
  return compare(moment(right), moment(left)) || compare(right.event_id, left.event_id);
}

// Microseconds, which Date would lose. Without the Z, a shorter fraction sorts before its continuation.
function moment({ failed_at }: Letter): string {
  return failed_at.replace(/Z$/, '');
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Splits `payments.PaymentCompleted.v1` into its parts. */
export function typeParts(type: string): { producer: string; name: string; version: string } {
  const [, producer, name, version] = /^([^.]+\.)(.+?)(\.v\d+)?$/.exec(type) ?? [];
  return { producer: producer ?? '', name: name ?? type, version: version ?? '' };
}

export function serviceName(service: Service): string {
  return `${service}-service`;
}
