// What can go wrong with a request, as the screens see it: a refusal or problem in the service's words, or no answer at all.

export interface FieldFault {
  field: string;
  message: string;
}

/** The service answered, and the answer is no. `code` is stable, `message` a sentence for people. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly faults: readonly FieldFault[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
    this.name = "ProblemError";
  }

  /** Whether the same request may succeed a moment later: too busy, or it is not known what became of it. */
  get passes(): boolean {
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** Nobody answered: no network, or the service is not running. */
export class OfflineError extends Error {
  constructor() {
    super("FinTwin cannot be reached at the moment.");
    this.name = "OfflineError";
  }
}

interface ProblemBody {
  detail?: unknown;
  code?: unknown;
  errors?: unknown;
}

const FALLBACK = "Something went wrong. Please try again.";

export function problemOf(status: number, body: unknown, retryAfter: string | null): ProblemError {
  const told: ProblemBody = typeof body === "object" && body !== null ? body : {};
  const detail = typeof told.detail === "string" ? told.detail : FALLBACK;
  const code = typeof told.code === "string" ? told.code : "unknown";
  const faults = Array.isArray(told.errors) ? (told.errors as FieldFault[]) : [];
  const seconds = Number(retryAfter);
  return new ProblemError(status, code, detail, faults, retryAfter !== null && seconds > 0 ? seconds : null);
}

/** Whether a part of the service is not there at all, which is not the same as an empty answer. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof ProblemError && (error.status === 404 || error.status === 405) && error.code !== "unknown_account"
  );
}
