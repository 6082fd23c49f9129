/** API client of users-service: the second factor of the signed-in user. */
import { call } from './http';

export interface SecondFactor {
  enabled: boolean;
  recovery_codes_left: number;
}

/** For an authenticator app. */
export interface Secret {
  /** In base32, to be typed. */
  secret: string;
  /** The same, for a QR code. */
  uri: string;
}

export async function getSecondFactor(userId: number): Promise<SecondFactor> {
  return (await call<SecondFactor>('/users/second-factor', { userId })).data;
}

export async function setUpSecondFactor(userId: number, password: string): Promise<Secret> {
  return post<Secret>(userId, 'set-up', { current_password: password });
}

/** Returns the recovery codes. */
export async function turnOnSecondFactor(userId: number, code: string): Promise<string[]> {
  return (await post<{ recovery_codes: string[] }>(userId, 'turn-on', { code })).recovery_codes;
}

/** Returns the new recovery codes. */
export async function replaceRecoveryCodes(userId: number, password: string, code: string): Promise<string[]> {
  const body = { current_password: password, code };
  return (await post<{ recovery_codes: string[] }>(userId, 'recovery-codes', body)).recovery_codes;
}

export async function turnOffSecondFactor(userId: number, password: string, code: string): Promise<void> {
  await post(userId, 'turn-off', { current_password: password, code });
}

async function post<T>(userId: number, operation: string, body: Record<string, string>): Promise<T> {
  const path = `/users/second-factor/${operation}`;
  return (await call<T>(path, { method: 'POST', userId, body: JSON.stringify(body) })).data;
}
