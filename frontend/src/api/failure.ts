/** Why a request failed. */
import type { Problem } from './model';

export type FailureKind = 'network' | 'timeout' | 'unreadable' | 'problem';

export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    /** Present when `kind` is `problem`. */
    readonly problem: Problem | null = null,
    cause?: unknown,
  ) {
    super(problem ? `${problem.status} ${problem.code}` : kind, { cause });
  }

  get code(): string {
    return this.problem?.code ?? this.kind;
  }

  /** The server's message about one field, found by JSON pointer. */
  errorAt(pointer: string): string | undefined {
    return this.problem?.errors?.find((error) => error.pointer === pointer)?.detail;
  }

  /** Whether the same request may succeed later without a change by the user. */
  get mayPass(): boolean {
    return this.problem === null || this.problem.status >= 500 || this.problem.status === 429;
  }
}
